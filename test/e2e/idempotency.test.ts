import { randomUUID } from 'node:crypto';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus } from './client';
import type { Reply } from './reply';
import { expectHold, PRICES, R_TOTAL } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const PARALLEL = 8;

/** The parts by which a client can distinguish two responses. */
const answerOf = ({ status, text, headers }: Reply) => ({ status, text, location: headers.get('Location') });

async function inParallel(send: () => Promise<Reply>): Promise<Reply[]> {
  return Promise.all(Array.from({ length: PARALLEL }, send));
}

function expectSame(replies: readonly Reply[]): void {
  const [first] = replies;
  for (const reply of replies) expect(answerOf(reply)).toEqual(first && answerOf(first));
}

describe('A request with an Idempotency-Key', () => {
  it('is made once: the same key and body get the same response again', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const key = randomUUID();
    const first = await user.hold(seatIds.slice(0, 1), { key });
    const again = await user.hold(seatIds.slice(0, 1), { key });

    expectStatus(first, 201);
    expectSame([first, again]);
    const { items } = expectAnswer(await user.get('/v1/reservations'), 200, contract.reservationPage);
    expect(items).toHaveLength(1);
  });

  it('is made once, also if a proxy writes the path in another way', async () => {
    const user = await service.buyer();
    const headers = { 'Idempotency-Key': randomUUID() };

    const first = await user.post('/v1/wallet/top-ups', { amount: 1_000 }, headers);
    const again = await user.post('/v1/wallet/top-ups/', { amount: 1_000 }, headers);

    expectStatus(first, 201);
    expectSame([first, again]);
    expect(await user.balance()).toBe(1_000);
  });

  it('is made once by parallel requests, and all of them get its response', async () => {
    const [{ seatIds, scheduleId }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const key = randomUUID();

    const replies = await inParallel(async () => user.hold(seatIds.slice(0, 2), { key }));

    expectSame(replies);
    for (const reply of replies) expectStatus(reply, 201);
    const { reservationId } = expectAnswer(await user.hold(seatIds.slice(0, 2), { key }), 201, contract.hold);
    await service.listed(reservationId);
    expect(await service.workflowsOf(scheduleId)).toBe(1);
  });

  it('rejects another body with 422 idempotency-key-reused', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const key = randomUUID();
    expectStatus(await user.hold(seatIds.slice(0, 1), { key }), 201);

    expectProblem(await user.hold(seatIds.slice(1, 2), { key }), 422, 'idempotency-key-reused');
  });

  it('gets the same rejection again, also when the seat has become free', async () => {
    const [{ seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const { reservationId } = await expectHold(first, seatIds.slice(0, 1));
    const key = randomUUID();
    const refused = await second.hold(seatIds.slice(0, 1), { key });
    expectProblem(refused, 409, 'seat-unavailable');
    expectStatus(await first.release(reservationId), 204);

    expectSame([refused, await second.hold(seatIds.slice(0, 1), { key })]);
    expectStatus(await second.hold(seatIds.slice(0, 1), { key: randomUUID() }), 201);
  });

  it('uses a key that belongs to one user: another user may use the same key', async () => {
    const [{ seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const key = randomUUID();

    expectStatus(await first.hold(seatIds.slice(0, 1), { key }), 201);
    expectStatus(await second.hold(seatIds.slice(1, 2), { key }), 201);
  });

  it.each([
    ['256 characters', 'x'.repeat(256)],
    ['non-ASCII characters', 'schlüssel'],
  ])('responds with 400 for a key of %s', async (_, key) => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);

    expectProblem(await user.hold(seatIds.slice(0, 1), { key }), 400, 'validation-failed');
    expectStatus(await user.hold(seatIds.slice(0, 1), { key: '~'.repeat(255) }), 201);
  });

  it('is a separate attempt for each call if the key is missing', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    expectStatus(await user.hold(seatIds.slice(0, 1)), 201);

    expectProblem(await user.hold(seatIds.slice(0, 1)), 409, 'seat-unavailable');
  });
});

async function holder(points: number) {
  const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(points)]);
  const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
  return { user, reservationId };
}

describe('A payment with an Idempotency-Key', () => {
  it('pays once: the same key and body get the same response again', async () => {
    const { user, reservationId } = await holder(2 * PRICES.R);
    const key = randomUUID();
    const first = await user.pay(reservationId, { key });

    expectAnswer(first, 200, contract.paid);
    expectSame([first, await user.pay(reservationId, { key })]);
    expect(await user.balance()).toBe(PRICES.R);
    expect(await service.charges(reservationId)).toHaveLength(1);
  });

  it('pays once for parallel requests, and all of them get its response', async () => {
    const { user, reservationId } = await holder(2 * PRICES.R);
    const key = randomUUID();

    const replies = await inParallel(async () =>
      user.pay(reservationId, { points: 10_000, paymentKey: 'sandbox:slow:300', key }),
    );

    expectSame(replies);
    for (const reply of replies) expectStatus(reply, 200);
    expect(await user.balance()).toBe(2 * PRICES.R - 10_000);
    expect(await service.charges(reservationId)).toMatchObject([
      { status: 'CAPTURED', amount: R_TOTAL - 10_000 },
    ]);
  });

  it('gets the same 402 and the same 500 again, and a new key pays', async () => {
    const { user, reservationId } = await holder(0);
    const [poor, declined] = [randomUUID(), randomUUID()];
    const short = await user.pay(reservationId, { key: poor });
    const failed = await user.pay(reservationId, { points: 0, paymentKey: 'sandbox:decline', key: declined });
    expectProblem(short, 402, 'insufficient-points');
    expectProblem(failed, 500, 'payment-failed');
    expectStatus(await user.topUp(PRICES.R), 201);

    expectSame([short, await user.pay(reservationId, { key: poor })]);
    expectSame([
      failed,
      await user.pay(reservationId, { points: 0, paymentKey: 'sandbox:decline', key: declined }),
    ]);
    expectAnswer(await user.pay(reservationId, { key: randomUUID() }), 200, contract.paid);
  });

  it('rejects another body with 422, and another key after the payment with 409', async () => {
    const { user, reservationId } = await holder(2 * PRICES.R);
    const key = randomUUID();
    expectStatus(await user.pay(reservationId, { key }), 200);

    expectProblem(await user.pay(reservationId, { key, points: 0 }), 422, 'idempotency-key-reused');
    const other = await user.pay(reservationId, { key: randomUUID() });
    expectProblem(other, 409, 'reservation-already-confirmed');
  });
});

describe('A top-up with an Idempotency-Key', () => {
  it('credits once for parallel requests, and all of them get its response', async () => {
    const user = await service.client.join();
    const key = randomUUID();

    const replies = await inParallel(async () => user.topUp(10_000, { key }));
    await user.topUp(5_000);
    replies.push(await user.topUp(10_000, { key }));

    expectSame(replies);
    const { topUpId } = expectAnswer(await user.topUp(10_000, { key }), 201, contract.topUp);
    expect(await user.balance()).toBe(15_000);
    expect(await service.charges(topUpId)).toHaveLength(1);
  });

  it('gets the same rejection again, and 422 for another amount', async () => {
    const user = await service.client.join();
    const key = randomUUID();
    const declined = await user.topUp(10_000, { paymentKey: 'sandbox:decline', key });
    expectProblem(declined, 500, 'payment-failed');

    expectSame([declined, await user.topUp(10_000, { paymentKey: 'sandbox:decline', key })]);
    expectProblem(await user.topUp(11_000, { key }), 422, 'idempotency-key-reused');
    expect(await user.balance()).toBe(0);
  });
});
