import { randomUUID } from 'node:crypto';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import { aPlan, aSchedule, readSeatMap, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const best = async (user: User, body: object, headers: Record<string, string> = {}) =>
  user.post('/v1/reservations', { queueToken: user.queueToken, ...body }, headers);

describe('POST /v1/reservations for the best available seats', () => {
  it('holds adjacent seats in front of the stage', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([
      service.openSale({ seats: 12 }),
      service.buyer(),
    ]);

    const hold = expectAnswer(await best(user, { scheduleId, quantity: 2 }), 201, contract.hold);

    // The stage of this plan is above the middle of its 12 seats.
    expect(hold.seats.map((seat) => seat.seatId).toSorted()).toEqual(seatIds.slice(4, 6).toSorted());
    expect(hold).toMatchObject({ scheduleId, holdSeconds: 300, amount: { tickets: 100_000 } });
    expect(await seatStatus(user, scheduleId, hold.seats[0]?.seatId)).toBe('HELD');
  });

  it('names the point that it assumes for the stage if the plan has no stage', async () => {
    const plan = aPlan({ seats: 3 });
    const zones = plan.zones.map((zone) => Object.assign(zone, { areas: [] }));
    const venue = await service.operator.post('/v1/admin/venues', { name: 'Loft', plan: { ...plan, zones } });
    const { venueId, stage, warnings } = expectAnswer(venue, 201, contract.venue);
    expect([stage, warnings.map(({ path }) => path)]).toEqual([null, ['stage']]);
    const { concertId, scheduleId: other } = await service.openSale();
    const path = `/v1/admin/concerts/${concertId}/schedules`;
    const schedule = await service.operator.post(path, aSchedule(venueId));
    const { scheduleId } = expectAnswer(schedule, 201, contract.operatorsSchedule);
    const user = await service.buyer();

    const assumed = expectAnswer(await best(user, { scheduleId, quantity: 1 }), 201, contract.hold);
    const known = expectAnswer(await best(user, { scheduleId: other, quantity: 1 }), 201, contract.hold);

    // The middle of the three seats.
    expect(assumed.assumedStage).toEqual({ x: 40, y: 94 });
    expect(known).not.toHaveProperty('assumedStage');
  });

  it('holds only seats of the requested grade', async () => {
    const [{ scheduleId, vipSeatIds }, user] = await Promise.all([
      service.openSale({ seats: 4, vipSeats: 4 }),
      service.buyer(),
    ]);
    const reply = await best(user, { scheduleId, quantity: 4, grade: 'VIP' });

    const { seats } = expectAnswer(reply, 201, contract.hold);
    expect(seats.map((seat) => seat.seatId).toSorted()).toEqual(vipSeatIds.toSorted());
  });

  it('gives accessible seats to a user who requests them, and marks them in the seat map', async () => {
    const plan = aPlan({ seats: 2, vipSeats: 2 });
    const categories = plan.categories.map((category) =>
      category.name === 'R' ? Object.assign(category, { accessible: true }) : category,
    );
    const venue = await service.operator.post('/v1/admin/venues', {
      name: 'Step-free',
      plan: { ...plan, categories },
    });
    const { venueId } = expectAnswer(venue, 201, contract.venue);
    const { concertId } = await service.openSale();
    const path = `/v1/admin/concerts/${concertId}/schedules`;
    const schedule = await service.operator.post(path, aSchedule(venueId, { vipSeats: 2 }));
    const { scheduleId } = expectAnswer(schedule, 201, contract.operatorsSchedule);
    const [user, other] = await Promise.all([service.buyer(), service.buyer()]);

    const reply = await best(user, { scheduleId, quantity: 1, accessible: true });
    const { seats } = expectAnswer(reply, 201, contract.hold);
    expect(seats).toMatchObject([{ grade: 'R' }]);
    expect(
      expectAnswer(await best(other, { scheduleId, quantity: 2 }), 201, contract.hold).seats,
    ).toMatchObject([{ grade: 'VIP' }, { grade: 'VIP' }]);
    const map = await readSeatMap(user, scheduleId);
    expect(map.seats.map((seat) => [seat.grade, seat.accessible])).toEqual([
      ['VIP', undefined],
      ['VIP', undefined],
      ['R', true],
      ['R', true],
    ]);
  });

  it('responds with 409 seat-unavailable if nothing fits, and holds nothing', async () => {
    const [{ scheduleId }, user] = await Promise.all([
      service.openSale({ seats: 2, maxSeatsPerUser: 10 }),
      service.buyer(),
    ]);

    expectProblem(await best(user, { scheduleId, quantity: 3 }), 409, 'seat-unavailable', {
      unavailableSeatIds: [],
    });
    expectStatus(await best(user, { scheduleId, quantity: 2 }), 201);
  });

  it('responds with 409 seat-limit-exceeded as for named seats', async () => {
    const [{ scheduleId }, user] = await Promise.all([
      service.openSale({ maxSeatsPerUser: 2 }),
      service.buyer(),
    ]);

    expectProblem(await best(user, { scheduleId, quantity: 3 }), 409, 'seat-limit-exceeded', { limit: 2 });
  });

  it('responds with 400 for an unknown grade and an unknown zone, both at once', async () => {
    const [{ scheduleId }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const reply = await best(user, { scheduleId, quantity: 1, grade: 'X', zone: 'Y' });

    const { errors } = expectAnswer(reply, 400, contract.validationProblem);
    expect(errors.map((error) => error.path)).toEqual(['grade', 'zone']);
  });

  it('responds with 404 schedule-not-found, 401 without a queue token and 403 before the opening', async () => {
    const [{ scheduleId }, user] = await Promise.all([
      service.openSale({ saleOpensAt: new Date(Date.now() + 3_600_000) }),
      service.buyer(),
    ]);

    expectProblem(await best(user, { scheduleId: randomUUID(), quantity: 1 }), 404, 'schedule-not-found');
    expectProblem(
      await user.post('/v1/reservations', { scheduleId, quantity: 1 }),
      401,
      'invalid-queue-token',
    );
    expectProblem(await best(user, { scheduleId, quantity: 1 }), 403, 'sale-not-open');
  });

  it('gives the same response for the same key', async () => {
    const [{ scheduleId }, user] = await Promise.all([service.openSale({ seats: 8 }), service.buyer()]);
    const key = { 'Idempotency-Key': randomUUID() };
    const wish = { scheduleId, quantity: 2 };

    const [one, two] = await Promise.all([best(user, wish, key), best(user, wish, key)]);
    const three = await best(user, wish, key);

    const hold = expectAnswer(one, 201, contract.hold);
    expect([two.body, three.body]).toEqual([hold, hold]);
  });
});
