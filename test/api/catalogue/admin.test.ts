import { randomUUID } from 'node:crypto';
import { version } from 'uuid';
import { KOREAN_POLICY } from '../../../src/domain/cancellations/cancellationPolicy';
import { adminScheduleSchema } from '../../../src/api/catalogue/adminSchema';
import { eventually } from '../../support/eventually';
import { allocate, anOperator, aSchedule, readSeatMap, type Operator } from './operator';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';

let edge: Edge;
let operator: Operator;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
});
afterAll(async () => edge.stop());

const pathsOf = (body: Record<string, unknown>) =>
  Array.isArray(body['errors']) ? body['errors'].map((error: { path: string }) => error.path) : [];

describe('the catalogue calls of operators', () => {
  const calls = [
    ['POST', '/v1/admin/venues'],
    ['POST', '/v1/admin/concerts'],
    ['POST', `/v1/admin/concerts/${randomUUID()}/schedules`],
    ['PATCH', `/v1/admin/schedules/${randomUUID()}`],
  ] as const;

  it.each(calls)('%s %s are only for operators', async (method, path) => {
    const { accessToken } = await logIn(edge);
    expectProblem(await edge.call(method, path, { body: {} }), 401, 'unauthenticated');
    expectProblem(await edge.call(method, path, { body: {}, token: accessToken }), 403, 'forbidden');
  });

  it('give the same response and have one effect for the same Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { title: `Once ${randomUUID()}`, artist: 'A' };
    const first = await operator.post('/v1/admin/concerts', body, headers);
    const second = await operator.post('/v1/admin/concerts', body, headers);
    expect(second.body).toEqual(first.body);
    expect(await edge.database.owner('concerts').where({ title: body.title })).toHaveLength(1);
  });
});

describe('POST /v1/admin/concerts/{concertId}/schedules', () => {
  it('responds with the schedule and its defaults, and creates its seats', async () => {
    const [venueId, concertId] = [await operator.addVenue(5), await operator.addConcert()];
    const draft = aSchedule(venueId);
    const { status, headers, body } = await operator.post(`/v1/admin/concerts/${concertId}/schedules`, draft);
    expect(status).toBe(201);
    expect(adminScheduleSchema.parse(body)).toEqual({
      scheduleId: body['scheduleId'],
      concertId,
      venueName: 'Venue',
      startsAt: draft.startsAt,
      saleOpensAt: draft.saleOpensAt,
      saleClosesAt: draft.saleClosesAt,
      saleStatus: 'OPEN',
      saleSwitch: 'OPEN',
      seatsTotal: 5,
      seatsAvailable: 5,
      maxSeatsPerUser: 4,
      waitingRoom: null,
      bookingFee: 2_000,
      currency: 'KRW',
      cancellationPolicy: KOREAN_POLICY,
    });
    const map = await readSeatMap(edge, String(body['scheduleId']));
    expect(headers.get('Location')).toBe(`/v1/schedules/${String(body['scheduleId'])}/seats`);
    expect(new Set(map.seats.map((seat) => seat.seatId)).size).toBe(5);
  });

  it('reports every error in prices and times at once', async () => {
    const [venueId, concertId] = [await operator.addVenue(2), await operator.addConcert()];
    const draft = aSchedule(venueId);
    const reply = await operator.post(`/v1/admin/concerts/${concertId}/schedules`, {
      ...draft,
      saleOpensAt: draft.startsAt,
      prices: { VIP: 1, Balcony: 2 },
    });
    expectProblem(reply, 400, 'validation-failed');
    expect(pathsOf(reply.body)).toEqual(['saleClosesAt', 'prices.Balcony']);
  });

  it('permanently blocks the seats of a category without a price', async () => {
    const { scheduleId } = await operator.addShow(3, { prices: { R: 70_000 } });
    const { seats, grades } = await readSeatMap(edge, scheduleId);
    expect(grades).toMatchObject([{ grade: 'R', price: 70_000 }]);
    expect(seats).toMatchObject([
      { grade: 'VIP', price: 0, status: 'BLOCKED' },
      { grade: 'R', price: 70_000, status: 'AVAILABLE' },
      { grade: 'R', price: 70_000, status: 'AVAILABLE' },
    ]);
    const [vip] = seats;
    const reply = await operator.change(scheduleId, { unblockSeatIds: [vip?.seatId] });
    expectProblem(reply, 409, 'seat-unavailable');
    expect(reply.body['unavailableSeatIds']).toEqual([vip?.seatId]);
    expect((await operator.change(scheduleId, {})).body).toMatchObject({ seatsTotal: 3, seatsAvailable: 2 });
  });

  it('needs a price for at least one category', async () => {
    const [venueId, concertId] = [await operator.addVenue(2), await operator.addConcert()];
    const draft = aSchedule(venueId, { prices: {} });
    const reply = await operator.post(`/v1/admin/concerts/${concertId}/schedules`, draft);
    expectProblem(reply, 400, 'validation-failed');
    expect(pathsOf(reply.body)).toEqual(['prices']);
  });

  it('gives the seats ids that grow in the order of the plan, also for thousands of seats', async () => {
    const { scheduleId } = await operator.addShow(20_500);
    const ids = (await readSeatMap(edge, scheduleId)).seats.map(({ seatId }) => seatId);
    expect(ids).toHaveLength(20_500);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.every((id) => version(id) === 7)).toBe(true);
  });

  it('responds with the cancellation policy of the request', async () => {
    const [venueId, concertId] = [await operator.addVenue(2), await operator.addConcert()];
    const cancellationPolicy = {
      fees: [{ untilDaysBefore: 2, percent: 50, atMost: 7_000 }],
      cutOff: { daysBefore: 2, time: '23:30' },
      bookingFeeRefundDays: null,
    };
    const draft = aSchedule(venueId, { cancellationPolicy });
    const { status, body } = await operator.post(`/v1/admin/concerts/${concertId}/schedules`, draft);
    expect(status).toBe(201);
    expect(body['cancellationPolicy']).toEqual({ ...cancellationPolicy, free: [] });
  });

  it('reports every error in a cancellation policy together with the other errors', async () => {
    const [venueId, concertId] = [await operator.addVenue(2), await operator.addConcert()];
    const cancellationPolicy = {
      fees: [
        { untilDaysBefore: 3, percent: 120 },
        { untilDaysBefore: 5, percent: 30, atMost: -1 },
      ],
      cutOff: { daysBefore: 1, time: '5 pm' },
      free: [{ afterBooking: { count: 7, unit: 'days' } }],
      bookingFee: true,
    };
    const draft = aSchedule(venueId, { cancellationPolicy, maxSeatsPerUser: 0 });
    const reply = await operator.post(`/v1/admin/concerts/${concertId}/schedules`, draft);
    expectProblem(reply, 400, 'validation-failed');
    expect(pathsOf(reply.body).toSorted()).toEqual([
      'cancellationPolicy.bookingFee',
      'cancellationPolicy.bookingFeeRefundDays',
      'cancellationPolicy.cutOff.time',
      'cancellationPolicy.fees.0.percent',
      'cancellationPolicy.fees.1.atMost',
      'cancellationPolicy.fees.1.untilDaysBefore',
      'cancellationPolicy.free.0.atLeastDaysBefore',
      'maxSeatsPerUser',
    ]);
  });

  it('is 404 for an unknown concert or venue', async () => {
    const venueId = await operator.addVenue(2);
    const unknown = `/v1/admin/concerts/${randomUUID()}/schedules`;
    expectProblem(await operator.post(unknown, aSchedule(venueId)), 404, 'concert-not-found');
    const known = `/v1/admin/concerts/${await operator.addConcert()}/schedules`;
    expectProblem(await operator.post(known, aSchedule(randomUUID())), 404, 'venue-not-found');
  });
});

describe('PATCH /v1/admin/schedules/{scheduleId}', () => {
  it('pauses, resumes and closes the sale', async () => {
    const { scheduleId } = await operator.addShow(2);
    for (const [saleSwitch, saleStatus] of [
      ['PAUSED', 'PAUSED'],
      ['OPEN', 'OPEN'],
      ['CLOSED', 'CLOSED'],
    ]) {
      const { status, body } = await operator.change(scheduleId, { saleSwitch });
      expect(status).toBe(200);
      expect(body).toMatchObject({ saleSwitch, saleStatus });
    }
  });

  it('changes the waiting room and leaves the fields that are not named', async () => {
    const { scheduleId } = await operator.addShow(2, { waitingRoom: { admitPerSecond: 1, maxActive: 10 } });
    const faster = { admitPerSecond: 50, maxActive: 500 };
    expect((await operator.change(scheduleId, { waitingRoom: faster })).body).toMatchObject({
      waitingRoom: faster,
    });
    expect((await operator.change(scheduleId, { saleSwitch: 'PAUSED' })).body).toMatchObject({
      waitingRoom: faster,
    });
    expect((await operator.change(scheduleId, { waitingRoom: null })).body).toMatchObject({
      waitingRoom: null,
    });
  });

  it('accepts a minimum rate, which cannot be above the rate', async () => {
    const { scheduleId } = await operator.addShow(2);
    const room = { admitPerSecond: 10, minAdmitPerSecond: 2, maxActive: 10 };
    expect((await operator.change(scheduleId, { waitingRoom: room })).body).toMatchObject({
      waitingRoom: room,
    });
    const above = { waitingRoom: { ...room, minAdmitPerSecond: 11 } };
    expectProblem(await operator.change(scheduleId, above), 400, 'validation-failed');
  });

  it('blocks and unblocks seats', async () => {
    const { scheduleId } = await operator.addShow(3);
    const [first, second] = (await readSeatMap(edge, scheduleId)).seats.map((seat) => seat.seatId);
    await operator.change(scheduleId, { blockSeatIds: [first, second] });
    await operator.change(scheduleId, { unblockSeatIds: [first] });
    expect((await readSeatMap(edge, scheduleId)).seats.map((seat) => seat.status)).toEqual([
      'AVAILABLE',
      'BLOCKED',
      'AVAILABLE',
    ]);
  });

  it('changes nothing if a seat to block is held or sold', async () => {
    const { scheduleId } = await operator.addShow(3);
    const [held, sold, free] = (await readSeatMap(edge, scheduleId)).seats.map((seat) => seat.seatId);
    await allocate(edge.database.owner, scheduleId, held ?? '', 'HELD');
    await allocate(edge.database.owner, scheduleId, sold ?? '', 'SOLD');
    const reply = await operator.change(scheduleId, {
      saleSwitch: 'PAUSED',
      blockSeatIds: [held, sold, free],
    });
    expectProblem(reply, 409, 'seat-unavailable');
    expect(reply.body['unavailableSeatIds']).toEqual([held, sold]);
    const { body } = await operator.change(scheduleId, {});
    expect(body).toMatchObject({ saleSwitch: 'OPEN', seatsAvailable: 1 });
  });

  it('waits for a hold that is being written, and then rejects its seat', async () => {
    const { scheduleId } = await operator.addShow(2);
    const seatId = (await readSeatMap(edge, scheduleId)).seats[0]?.seatId ?? '';
    const transaction = await edge.database.owner.transaction();
    await allocate(transaction, scheduleId, seatId, 'HELD');
    const change = operator.change(scheduleId, { blockSeatIds: [seatId] });
    await someoneWaitsForALock();
    await transaction.commit();
    expectProblem(await change, 409, 'seat-unavailable');
  });

  it('rejects seats of another schedule, unknown fields, and a seat to block and unblock', async () => {
    const [one, other] = [await operator.addShow(2), await operator.addShow(2)];
    const seatId = (await readSeatMap(edge, other.scheduleId)).seats[0]?.seatId;
    expectProblem(await operator.change(one.scheduleId, { blockSeatIds: [seatId] }), 404, 'seat-not-found');
    expectProblem(await operator.change(one.scheduleId, { sale: 'PAUSED' }), 400, 'validation-failed');
    const both = { blockSeatIds: [seatId], unblockSeatIds: [seatId] };
    expectProblem(await operator.change(other.scheduleId, both), 400, 'validation-failed');
    expectProblem(await operator.change(randomUUID(), {}), 404, 'schedule-not-found');
  });
});

async function someoneWaitsForALock(): Promise<void> {
  await eventually(async () => {
    const waiting = await edge.database.owner('pg_locks').where({ granted: false }).select('pid');
    expect(waiting).not.toEqual([]);
  });
}
