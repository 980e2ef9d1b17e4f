import { randomUUID } from 'node:crypto';
import { followSeats } from '../api/catalogue/seatWatcher';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { aSchedule, BOOKING_FEE, expectHold, PRICES, readSeatMap, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const get = (path: string, headers: Record<string, string> = {}) =>
  service.client.call('GET', path, { headers });

const add = (title: string, artist: string) => service.operator.post('/v1/admin/concerts', { title, artist });

describe('GET /v1/concerts', () => {
  it('lists concerts with their times and sale status, without a login', async () => {
    const { concertId } = await service.openSale();

    const { items } = expectAnswer(await get('/v1/concerts'), 200, contract.concertPage);

    const concert = items.find((item) => item.concertId === concertId);
    expect(concert).toMatchObject({
      title: 'First night',
      artist: 'The Holdouts',
      venueName: 'Small hall',
      saleStatus: 'OPEN',
    });
    expect(concert?.firstStartsAt).toBe(concert?.lastStartsAt);
  });

  it('finds concerts by title and by artist, in any case, in pages', async () => {
    const word = randomUUID();
    expectStatus(await add(`Night of ${word}`, 'One'), 201);
    expectStatus(await add('Another', `The ${word.toUpperCase()}S`), 201);

    const page = async (more = '') =>
      expectAnswer(await get(`/v1/concerts?q=${word}&limit=1${more}`), 200, contract.concertPage);
    const first = await page();
    const second = await page(`&cursor=${first.nextCursor}`);

    expect([...first.items, ...second.items].map((item) => item.title)).toEqual([
      'Another',
      `Night of ${word}`,
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it('responds with 400 for a limit outside 1 to 200', async () => {
    expectProblem(await get('/v1/concerts?limit=201'), 400, 'validation-failed');
    expectProblem(await get('/v1/concerts?limit=0'), 400, 'validation-failed');
  });
});

describe('GET /v1/concerts/{concertId}', () => {
  it('returns the concert with its description', async () => {
    const made = await service.operator.post('/v1/admin/concerts', {
      title: 'T',
      artist: 'A',
      description: 'Two hours, no break.',
    });
    const { concertId } = expectAnswer(made, 201, contract.newConcert);

    const concert = expectAnswer(await get(`/v1/concerts/${concertId}`), 200, contract.concertDetail);
    expect(concert).toMatchObject({ concertId, description: 'Two hours, no break.', firstStartsAt: null });
  });

  it('responds with 404 concert-not-found', async () => {
    expectProblem(await get(`/v1/concerts/${randomUUID()}`), 404, 'concert-not-found');
    expectProblem(await get(`/v1/concerts/${randomUUID()}/schedules`), 404, 'concert-not-found');
  });
});

describe('GET /v1/concerts/{concertId}/schedules', () => {
  it('counts the free seats', async () => {
    const [{ concertId, scheduleId, seatIds }, user] = await Promise.all([
      service.openSale({ seats: 4 }),
      service.buyer(),
    ]);
    await expectHold(user, seatIds.slice(0, 3));

    await eventually(async () => {
      const reply = await get(`/v1/concerts/${concertId}/schedules`);
      expect(expectAnswer(reply, 200, contract.scheduleList).items).toMatchObject([
        { scheduleId, saleStatus: 'OPEN', seatsTotal: 4, seatsAvailable: 1, maxSeatsPerUser: 4 },
      ]);
    });
  });

  it('shows an upcoming sale, a closed sale and a sale with a waiting room', async () => {
    const { concertId, venueId } = await service.openSale({
      waitingRoom: { admitPerSecond: 5, maxActive: 100 },
    });
    const hour = 3_600_000;
    for (const [opens, closes] of [
      [hour, 2 * hour],
      [-2 * hour, -hour],
    ] as const) {
      const schedule = aSchedule(venueId, {
        saleOpensAt: new Date(Date.now() + opens),
        saleClosesAt: new Date(Date.now() + closes),
      });
      const reply = await service.operator.post(`/v1/admin/concerts/${concertId}/schedules`, schedule);
      expectStatus(reply, 201);
    }

    const reply = await get(`/v1/concerts/${concertId}/schedules`);
    const { items } = expectAnswer(reply, 200, contract.scheduleList);
    expect(items.map((item) => item.saleStatus).toSorted()).toEqual(['CLOSED', 'OPEN', 'UPCOMING']);
    expect(items.flatMap((item) => item.waitingRoom ?? [])).toEqual([{ admitPerSecond: 5, maxActive: 100 }]);
  });
});

describe('GET /v1/schedules/{scheduleId}/plan', () => {
  it('returns what a page draws beside the seats, in the coordinates of the seats', async () => {
    const { scheduleId, seatIds } = await service.openSale();
    const plan = expectAnswer(await get(`/v1/schedules/${scheduleId}/plan`), 200, contract.hallPlan);
    expect(plan).toMatchObject({
      scheduleId,
      size: { width: 600, height: 200 },
      stage: { x: 120, y: 30 },
      zones: [{ zone: 'Floor', position: { x: 20, y: 60 } }],
      rows: [{ zone: 'Floor', row: 'B', rowNumber: 'B', rowNumberPosition: 'both' }],
      areas: [{ shape: 'rectangle', position: { x: 20, y: 20 }, rotation: 0, text: { text: 'STAGE' } }],
    });
    expect(plan.rows[0]?.seats.map(({ seatId }) => seatId)).toEqual(seatIds);
  });
});

describe('GET /v1/schedules/{scheduleId}/seats', () => {
  it('returns every seat with grade, price, position and status', async () => {
    const { scheduleId } = await service.openSale({ seats: 2, vipSeats: 1 });

    const map = await readSeatMap(service.client, scheduleId);

    expect(map).toMatchObject({
      scheduleId,
      currency: 'KRW',
      bookingFee: BOOKING_FEE,
      grades: [
        { grade: 'VIP', price: PRICES.VIP, color: '#7b3fa0' },
        { grade: 'R', price: PRICES.R, color: '#cf4446' },
      ],
    });
    expect(
      map.seats.map(({ row, number, grade, price, status, x, y }) => [
        row,
        number,
        grade,
        price,
        status,
        x,
        y,
      ]),
    ).toEqual([
      ['A', '1', 'VIP', PRICES.VIP, 'AVAILABLE', 20, 60],
      ['B', '1', 'R', PRICES.R, 'AVAILABLE', 20, 94],
      ['B', '2', 'R', PRICES.R, 'AVAILABLE', 40, 94],
    ]);
  });

  it('responds with 304 to its ETag until a seat changes', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const path = `/v1/schedules/${scheduleId}/seats`;
    const first = await get(path);
    const etag = first.headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);

    const unchanged = await get(path, { 'If-None-Match': etag });
    expectStatus(unchanged, 304);
    expect(unchanged.text).toBe('');
    expect(unchanged.headers.get('ETag')).toBe(etag);

    await expectHold(user, seatIds.slice(0, 1));
    const changed = await get(path, { 'If-None-Match': etag });
    expect(changed.headers.get('ETag')).not.toBe(etag);
    const [before, after] = [first, changed].map(
      (reply) => expectAnswer(reply, 200, contract.seatMap).version,
    );
    expect(after).toBeGreaterThan(before ?? Infinity);
  });

  it('shows a seat as HELD, SOLD, BLOCKED and AVAILABLE at once', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const [sold = '', blocked = '', freed] = seatIds;
    const statuses = async () =>
      Promise.all(
        [sold, blocked, freed].map(async (seatId) => seatStatus(service.client, scheduleId, seatId)),
      );
    const { reservationId } = await expectHold(user, [sold]);
    const other = await expectHold(user, freed === undefined ? [] : [freed]);

    expect(await statuses()).toEqual(['HELD', 'AVAILABLE', 'HELD']);
    expectAnswer(await user.pay(reservationId), 200, contract.paid);
    expectStatus(await user.release(other.reservationId), 204);
    const path = `/v1/admin/schedules/${scheduleId}`;
    expectStatus(await service.operator.call('PATCH', path, { body: { blockSeatIds: [blocked] } }), 200);
    expect(await statuses()).toEqual(['SOLD', 'BLOCKED', 'AVAILABLE']);
  });

  it('responds with 404 schedule-not-found', async () => {
    expectProblem(await get(`/v1/schedules/${randomUUID()}/seats`), 404, 'schedule-not-found');
  });
});

describe('GET /v1/schedules/{scheduleId}/seats/events', () => {
  it('sends HELD, SOLD and AVAILABLE of a seat as they happen, without a login', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const [sold = '', freed = ''] = seatIds;
    const { version } = await readSeatMap(service.client, scheduleId);
    const stream = await followSeats(service.stack.apiUrl, scheduleId, { since: version });

    const { reservationId } = await expectHold(user, [sold]);
    expect((await stream.next()).changes).toEqual([{ seatId: sold, status: 'HELD' }]);
    expectAnswer(await user.pay(reservationId), 200, contract.paid);
    expect((await stream.next()).changes).toEqual([{ seatId: sold, status: 'SOLD' }]);
    const other = await expectHold(user, [freed]);
    expect((await stream.next()).changes).toEqual([{ seatId: freed, status: 'HELD' }]);
    expectStatus(await user.release(other.reservationId), 204);
    expect((await stream.next()).changes).toEqual([{ seatId: freed, status: 'AVAILABLE' }]);
    stream.close();
  });
});
