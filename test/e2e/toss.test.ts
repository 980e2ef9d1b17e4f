import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SECRET_KEY, startToss, type TossServer } from '../gateways/toss/tossServer';
import { openBooks, type Books } from '../support/books';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import { expectHold, R_TOTAL, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

const WEBHOOK_TOKEN = `token-${randomUUID()}`;
/** A few tries of 2.5 s, each with a look-up. */
const SLOW_MS = 40_000;

let toss: TossServer;
let service: Service;
let books: Books;

beforeAll(async () => {
  toss = await startToss();
  service = await startService({
    PAYMENT_GATEWAY: 'toss',
    TOSS_API_URL: toss.url,
    TOSS_SECRET_KEY: SECRET_KEY,
    TOSS_WEBHOOK_SECRET: WEBHOOK_TOKEN,
  });
  books = openBooks(service.stack.ownerDb);
}, START_MS);
beforeEach(() => toss.reset());
afterAll(async () => {
  await service.temporal.connection.close();
  await service.stack.stop();
  await toss.stop();
}, START_MS);

/** A buyer without points who holds one seat of grade R. The card pays all of it. */
async function holder() {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer()]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const prepare = (
    more: { amount?: number; orderId?: string; refusal?: { status: number; code: string } } = {},
  ) => toss.prepare({ orderId: `${reservationId}-1`, amount: R_TOTAL, ...more });
  return { ...sale, user, seatId, reservationId, prepare };
}

const paymentOf = async (user: User, paymentId: string) =>
  expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment);

const send = (paymentKey: string, token: string) =>
  service.client.call('POST', `/v1/webhooks/toss?token=${token}`, {
    body: {
      eventType: 'PAYMENT_STATUS_CHANGED',
      createdAt: '2030-01-01T00:00:00.000000',
      data: { paymentKey },
    },
    headers: { 'tosspayments-webhook-transmission-id': randomUUID() },
  });

describe('With PAYMENT_GATEWAY=toss, a payment', () => {
  it('confirms the payment that the client has prepared', async () => {
    const { user, reservationId, scheduleId, seatId, prepare } = await holder();
    const paymentKey = prepare();

    const paid = expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);

    expect(paid.amount).toMatchObject({ points: 0, card: R_TOTAL });
    expect(toss.payment(paymentKey)).toMatchObject({ status: 'DONE', totalAmount: R_TOTAL });
    expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
  });

  it('without a payment key gets 400 that names it, and the hold continues', async () => {
    const { user, reservationId } = await holder();

    const problem = expectProblem(await user.pay(reservationId, { points: 0 }), 400, 'validation-failed');

    expect(problem['errors']).toMatchObject([{ path: 'paymentKey' }]);
    expect((await user.reservation(reservationId)).status).toBe('HELD');
    expectProblem(await user.topUp(10_000), 400, 'validation-failed');
  });

  it('that the card refuses gets 500 with the reason, and another payment pays', async () => {
    const { user, reservationId, prepare } = await holder();
    const refused = prepare({ refusal: { status: 403, code: 'REJECT_CARD_PAYMENT' } });

    expectProblem(await user.pay(reservationId, { points: 0, paymentKey: refused }), 500, 'payment-failed', {
      reason: 'insufficient-funds',
    });
    const paymentKey = prepare({ orderId: `${reservationId}-2` });
    expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);
  });

  it.each([
    ['of another amount', { amount: R_TOTAL - 1 }, 'amount-differs'],
    ['for something else', { orderId: randomUUID() }, 'payment-key-mismatch'],
  ])('%s is rejected, and nothing is confirmed', async (_name, prepared, reason) => {
    const { user, reservationId, prepare } = await holder();
    const paymentKey = prepare(prepared);

    const reply = await user.pay(reservationId, { points: 0, paymentKey });

    expectProblem(reply, 500, 'payment-failed', { reason });
    expect(toss.payment(paymentKey).status).toBe('IN_PROGRESS');
  });

  it(
    'whose response is lost is looked up, and paid once',
    async () => {
      const { user, reservationId, prepare } = await holder();
      const paymentKey = prepare();
      toss.next('confirm', { kind: 'silence' });

      expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);

      expect(toss.requests.filter((line) => line.endsWith('/confirm'))).toHaveLength(1);
    },
    SLOW_MS,
  );

  it(
    'whose response is lost, and which Toss does not report, is SETTLING until Toss does, then paid',
    async () => {
      const { user, reservationId, prepare } = await holder();
      const paymentKey = prepare();
      const outage = { kind: 'refuse', status: 503, code: 'COMMON_ERROR' } as const;
      toss.next('look', { kind: 'delay', milliseconds: 0 }, outage, outage);
      toss.next('confirm', { kind: 'lose' });

      const reply = await user.pay(reservationId, { points: 0, paymentKey });

      const { paymentId } = expectAnswer(reply, 202, contract.settling);
      await eventually(
        async () => expect((await paymentOf(user, paymentId)).status).toBe('SUCCEEDED'),
        SLOW_MS,
      );
      expect((await user.reservation(reservationId)).status).toBe('CONFIRMED');
      expect(toss.payment(paymentKey).status).toBe('DONE');
    },
    SLOW_MS,
  );

  it(
    'that never reaches Toss fails with its key blocked, and another payment pays',
    async () => {
      const { user, reservationId, prepare } = await holder();
      const lost = prepare();
      toss.next('confirm', ...Array.from({ length: 3 }, () => ({ kind: 'drop' }) as const));

      expectProblem(await user.pay(reservationId, { points: 0, paymentKey: lost }), 500, 'payment-failed');

      expect(toss.payment(lost).approvedAt).toBeNull();
      const paymentKey = prepare({ orderId: `${reservationId}-2` });
      expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);
    },
    SLOW_MS,
  );

  it('cannot use a key that has already paid', async () => {
    const { user, reservationId, prepare } = await holder();
    const paymentKey = prepare();
    expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);
    const other = await holder();

    const reply = await other.user.pay(other.reservationId, { points: 0, paymentKey });

    expectProblem(reply, 500, 'payment-failed', { reason: 'payment-key-used' });
    expectProblem(await user.topUp(R_TOTAL, { paymentKey }), 500, 'payment-failed', {
      reason: 'payment-key-mismatch',
    });
    expect(toss.payment(paymentKey).balanceAmount).toBe(R_TOTAL);
  });
});

describe('With PAYMENT_GATEWAY=toss', () => {
  it('a top-up pays with a payment that is prepared under the id of the payer', async () => {
    const user = await service.buyer();
    const paymentKey = toss.prepare({ orderId: `${user.userId}-1`, amount: 10_000 });

    expectStatus(await user.topUp(10_000, { paymentKey }), 201);

    expect(await user.balance()).toBe(10_000);
    expect(toss.payment(paymentKey).status).toBe('DONE');
  });

  it(
    'a cancellation refunds the card once, also if the first response is lost',
    async () => {
      const { user, reservationId, prepare } = await holder();
      const paymentKey = prepare();
      expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);
      toss.next('cancel', { kind: 'lose' });

      const reply = await user.post(`/v1/reservations/${reservationId}/cancellation`, {});

      const { refund } = z.object({ refund: z.object({ card: z.number().positive() }) }).parse(reply.body);
      await eventually(async () => {
        expect(toss.payment(paymentKey).balanceAmount).toBe(R_TOTAL - refund.card);
        expect(await books.owedByGateway('toss')).toBe(toss.kept());
      }, SLOW_MS);
      expect(toss.payment(paymentKey).cancels).toHaveLength(1);
    },
    SLOW_MS,
  );
});

describe('A webhook of Toss', () => {
  it('is accepted with the token of its URL, and with no other', async () => {
    expectStatus(await send('toss_1', WEBHOOK_TOKEN), 200);
    expect((await send('toss_1', 'another')).status).toBeGreaterThanOrEqual(400);
  });

  it(
    'about money that was taken after all refunds it',
    async () => {
      const { user, reservationId, prepare } = await holder();
      const paymentKey = prepare({ refusal: { status: 403, code: 'REJECT_CARD_COMPANY' } });
      expectProblem(await user.pay(reservationId, { points: 0, paymentKey }), 500, 'payment-failed');
      toss.approveAfterAll(paymentKey);

      expectStatus(await send(paymentKey, WEBHOOK_TOKEN), 200);

      await eventually(async () => expect(toss.payment(paymentKey).balanceAmount).toBe(0), SLOW_MS);
    },
    SLOW_MS,
  );
});

describe('In the end', () => {
  it('Toss has kept the amount that the ledger says, and the books have no fault', async () => {
    await eventually(async () => {
      expect(toss.kept()).toBe(await books.owedByGateway('toss'));
      expect(await books.faults()).toEqual([]);
    });
  });

  it('the logs contain neither the secret key nor the token', async () => {
    const { api, worker } = service.stack;
    const logs = await Promise.all([api, worker].map(async ({ logFile }) => readFile(logFile, 'utf8')));
    const secrets = [SECRET_KEY, Buffer.from(`${SECRET_KEY}:`).toString('base64'), WEBHOOK_TOKEN];

    expect(secrets.filter((secret) => logs.join('').includes(secret))).toEqual([]);
  });
});
