import { randomUUID } from 'node:crypto';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { BOOKING_FEE, expectHold, PRICES, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

describe('POST /v1/reservations', () => {
  it('holds one seat by seatId', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const [seatId] = seatIds;
    const before = Date.now();

    const reply = await user.post('/v1/reservations', { seatId, queueToken: user.queueToken });

    const hold = expectAnswer(reply, 201, contract.hold);
    expect(hold).toMatchObject({
      scheduleId,
      seats: [{ seatId, zone: 'Floor', row: 'B', number: '1', grade: 'R', price: PRICES.R }],
      amount: { tickets: PRICES.R, bookingFee: BOOKING_FEE, total: PRICES.R + BOOKING_FEE },
      holdSeconds: 300,
    });
    expect(Date.parse(hold.expiresAt) - Date.parse(hold.heldAt)).toBe(300_000);
    expect(Date.parse(hold.heldAt)).toBeGreaterThanOrEqual(before);
    expect(reply.headers.get('Location')).toBe(`/v1/reservations/${hold.reservationId}`);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');
  });

  it('holds several seats by seatIds, with the token in the header X-Queue-Token', async () => {
    const [sale, user] = await Promise.all([service.openSale({ vipSeats: 1 }), service.buyer()]);
    const seatIds = [...sale.seatIds.slice(0, 2), ...sale.vipSeatIds];

    const reply = await user.post('/v1/reservations', { seatIds }, { 'X-Queue-Token': user.queueToken });

    const { seats, amount } = expectAnswer(reply, 201, contract.hold);
    expect(new Set(seats.map((seat) => seat.seatId))).toEqual(new Set(seatIds));
    expect(amount.tickets).toBe(2 * PRICES.R + PRICES.VIP);
    expect(amount.bookingFee).toBe(3 * BOOKING_FEE);
  });

  it('holds all the seats or none: 409 seat-unavailable lists each seat that is gone', async () => {
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const [one, two, three] = seatIds;
    await expectHold(first, seatIds.slice(0, 2));

    const problem = expectProblem(await second.hold(seatIds.slice(0, 3)), 409, 'seat-unavailable');

    expect(problem['unavailableSeatIds']).toEqual(expect.arrayContaining([one, two]));
    expect(problem['unavailableSeatIds']).not.toContain(three);
    expect(await seatStatus(second, scheduleId, three)).toBe('AVAILABLE');
  });

  it('rejects a blocked seat with 409 until it is unblocked', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const [seatId = ''] = seatIds;
    const change = (body: object) =>
      service.operator.call('PATCH', `/v1/admin/schedules/${scheduleId}`, { body });

    expectStatus(await change({ blockSeatIds: [seatId] }), 200);
    expectProblem(await user.hold([seatId]), 409, 'seat-unavailable', { unavailableSeatIds: [seatId] });
    expectStatus(await change({ unblockSeatIds: [seatId] }), 200);
    await expectHold(user, [seatId]);
  });

  it.each<[string, (ids: string[]) => object]>([
    ['no seat', () => ({})],
    ['an empty list', () => ({ seatIds: [] })],
    ['too many seats', () => ({ seatIds: Array.from({ length: 51 }, () => randomUUID()) })],
    ['a seat twice', ([seatId]) => ({ seatIds: [seatId, seatId] })],
    ['both seatId and seatIds', ([seatId]) => ({ seatId, seatIds: [seatId] })],
    ['an invalid id', () => ({ seatId: 'A-1' })],
    ['an unknown field', ([seatId]) => ({ seatId, points: 1 })],
    ['seatId and best available seats', ([seatId]) => ({ seatId, scheduleId: seatId, quantity: 1 })],
    ['best available seats without a quantity', ([id]) => ({ scheduleId: id })],
    ['best available seats without a schedule', () => ({ quantity: 1, zone: 'Floor' })],
    ['zero best available seats', ([id]) => ({ scheduleId: id, quantity: 0 })],
    ['more best available seats than any hold may have', ([id]) => ({ scheduleId: id, quantity: 51 })],
  ])('responds with 400 for %s', async (_, bodyOf) => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const reply = await user.post('/v1/reservations', { ...bodyOf(seatIds), queueToken: user.queueToken });

    expectProblem(reply, 400, 'validation-failed');
    expect(expectAnswer(reply, 400, contract.validationProblem).errors.length).toBeGreaterThan(0);
  });

  it('responds with 400 for seats of two schedules', async () => {
    const [one, two, user] = await Promise.all([service.openSale(), service.openSale(), service.buyer()]);
    const seatIds = [...one.seatIds.slice(0, 1), ...two.seatIds.slice(0, 1)];

    expectProblem(await user.hold(seatIds), 400, 'validation-failed');
  });

  it('responds with 401 without an access token', async () => {
    const { seatIds } = await service.openSale();
    const reply = await service.client.call('POST', '/v1/reservations', { body: { seatIds } });

    expectProblem(reply, 401, 'unauthenticated');
  });

  it.each([
    ['missing', null],
    ['forged', 'eyJhbGciOiJub25lIn0.e30.'],
  ])('responds with 401 invalid-queue-token for a token that is %s', async (_, queueToken) => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);

    expectProblem(await user.hold(seatIds.slice(0, 1), { queueToken }), 401, 'invalid-queue-token');
  });

  it('does not accept an access token as a queue token', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const reply = await user.hold(seatIds.slice(0, 1), { queueToken: user.accessToken });

    expectProblem(reply, 401, 'invalid-queue-token');
  });

  it('responds with 403 queue-token-mismatch for the token of another user', async () => {
    const [{ seatIds }, user, other] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const reply = await user.hold(seatIds.slice(0, 1), { queueToken: other.queueToken });

    expectProblem(reply, 403, 'queue-token-mismatch');
  });

  it.each([
    ['before the opening', { saleOpensAt: new Date(Date.now() + 3_600_000) }],
    [
      'after the close',
      { saleOpensAt: new Date(Date.now() - 7_200_000), saleClosesAt: new Date(Date.now() - 3_600_000) },
    ],
  ])('responds with 403 sale-not-open %s, with the times', async (_, times) => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(times), service.buyer()]);
    const problem = expectProblem(await user.hold(seatIds.slice(0, 1)), 403, 'sale-not-open');

    expect(problem).toMatchObject(
      Object.fromEntries(Object.entries(times).map(([name, time]) => [name, time.toISOString()])),
    );
  });

  it('responds with 404 seat-not-found', async () => {
    const user = await service.buyer();

    expectProblem(await user.hold([randomUUID()]), 404, 'seat-not-found');
  });

  it('responds with 409 seat-limit-exceeded above the seat limit of the user in the schedule', async () => {
    const [{ seatIds }, user, other] = await Promise.all([
      service.openSale({ seats: 4, maxSeatsPerUser: 2 }),
      service.buyer(),
      service.buyer(),
    ]);
    await expectHold(user, seatIds.slice(0, 1));

    expectProblem(await user.hold(seatIds.slice(1, 3)), 409, 'seat-limit-exceeded', {
      limit: 2,
      alreadyHeld: 1,
    });
    await expectHold(user, seatIds.slice(1, 2));
    await expectHold(other, seatIds.slice(2, 4));
  });
});

const withoutPath = (problem: contract.Problem) => ({ ...problem, instance: '' });

describe('GET /v1/reservations/{reservationId}', () => {
  it('responds with the hold as it was made', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const hold = await expectHold(user, seatIds.slice(0, 2));

    expect(await user.reservation(hold.reservationId)).toEqual(hold);
  });

  it('gives the same 404 for the reservation of another user and for an unknown one', async () => {
    const [{ seatIds }, user, other] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
    const [foreign, none] = await Promise.all(
      [reservationId, randomUUID()].map(async (id) => other.get(`/v1/reservations/${id}`)),
    );

    expect(foreign && withoutPath(expectProblem(foreign, 404, 'reservation-not-found'))).toEqual(
      none && withoutPath(expectProblem(none, 404, 'reservation-not-found')),
    );
    expectProblem(await other.release(reservationId), 404, 'reservation-not-found');
    expect((await user.reservation(reservationId)).status).toBe('HELD');
  });
});

describe('GET /v1/reservations', () => {
  it('lists the reservations of the user, newest first, in pages', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const made: string[] = [];
    for (const seatId of seatIds.slice(0, 3)) made.push((await expectHold(user, [seatId])).reservationId);

    const first = expectAnswer(await user.get('/v1/reservations?limit=2'), 200, contract.reservationPage);
    const rest = expectAnswer(
      await user.get(`/v1/reservations?limit=2&cursor=${first.nextCursor}`),
      200,
      contract.reservationPage,
    );

    expect([...first.items, ...rest.items].map((item) => item.reservationId)).toEqual(made.toReversed());
    expect(rest.nextCursor).toBeNull();
  });

  it('filters by status', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const [released, held] = [
      await expectHold(user, seatIds.slice(0, 1)),
      await expectHold(user, seatIds.slice(1, 2)),
    ];
    await user.release(released.reservationId);
    const idsIn = async (status: string) => {
      const page = await user.get(`/v1/reservations?status=${status}`);
      return expectAnswer(page, 200, contract.reservationPage).items.map((item) => item.reservationId);
    };

    expect(await idsIn('HELD')).toEqual([held.reservationId]);
    expect(await idsIn('RELEASED')).toEqual([released.reservationId]);
    expectProblem(await user.get('/v1/reservations?status=LOST&limit=0'), 400, 'validation-failed');
  });
});

describe('DELETE /v1/reservations/{reservationId}', () => {
  it('releases the seats at once for the next user', async () => {
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const { reservationId } = await expectHold(first, seatIds.slice(0, 2));

    const reply = await first.release(reservationId);

    expectStatus(reply, 204);
    expect(reply.text).toBe('');
    expect(await seatStatus(first, scheduleId, seatIds[0])).toBe('AVAILABLE');
    await expectHold(second, seatIds.slice(0, 2));
  });

  it('responds with 204 again and does not affect the new hold of the seat', async () => {
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const { reservationId } = await expectHold(first, seatIds.slice(0, 1));
    expectStatus(await first.release(reservationId), 204);
    await expectHold(second, seatIds.slice(0, 1));

    expectStatus(await first.release(reservationId), 204);

    expect(await seatStatus(first, scheduleId, seatIds[0])).toBe('HELD');
    expect((await first.reservation(reservationId)).status).toBe('RELEASED');
  });

  it('responds with 404 for an unknown id and 400 for an invalid id', async () => {
    const user = await service.buyer();

    expectProblem(await user.release(randomUUID()), 404, 'reservation-not-found');
    expectProblem(await user.release('mine'), 400, 'validation-failed');
  });
});
