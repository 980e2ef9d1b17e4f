import { randomUUID } from 'node:crypto';
import { concertSchema, concertSummarySchema, scheduleSchema } from '../../../src/api/catalogue/schema';
import { eventually } from '../../support/eventually';
import { expectProblem, startEdge, type Edge } from '../edge';
import {
  addShowDirectly,
  allocate,
  anOperator,
  aSchedule,
  HOUR_MS,
  readSeatMap,
  type Operator,
} from './operator';

let edge: Edge;
let operator: Operator;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
});
afterAll(async () => edge.stop());

async function list(query = '') {
  const { body } = await edge.call('GET', `/v1/concerts${query}`);
  const items = concertSummarySchema.array().parse(body['items']);
  return { items, titles: items.map((concert) => concert.title), nextCursor: body['nextCursor'] };
}

async function schedulesOf(concertId: string) {
  const { body } = await edge.call('GET', `/v1/concerts/${concertId}/schedules`);
  return scheduleSchema.array().parse(body['items']);
}

const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

describe('GET /v1/concerts', () => {
  it('pages through all concerts, newest first, each once', async () => {
    for (const title of ['P1', 'P2', 'P3', 'P4', 'P5']) await operator.addConcert(title, 'Pager');
    const first = await list('?q=pager&limit=2');
    const second = await list(`?q=pager&limit=2&cursor=${String(first.nextCursor)}`);
    const third = await list(`?q=pager&limit=2&cursor=${String(second.nextCursor)}`);
    expect([first.titles, second.titles, third.titles]).toEqual([['P5', 'P4'], ['P3', 'P2'], ['P1']]);
    expect(third.nextCursor).toBeNull();
  });

  it('finds a part of title or artist in any case and treats % and _ as plain characters', async () => {
    await operator.addConcert('겨울 정원', 'Slow Season');
    await operator.addConcert('100% Live', 'Under_Score');
    expect((await list('?q=slow%20SEA')).titles).toEqual(['겨울 정원']);
    expect((await list(`?q=${encodeURIComponent('정원'.normalize('NFD'))}`)).titles).toEqual(['겨울 정원']);
    expect((await list('?q=0%25')).titles).toEqual(['100% Live']);
    expect((await list('?q=r_s')).titles).toEqual(['100% Live']);
    expect((await list('?q=nobody')).titles).toEqual([]);
  });

  it('shows venue and times, and the best status among the schedules', async () => {
    const concertId = await operator.addConcert('Two nights', 'Status');
    expect((await list('?q=Two%20nights')).items).toEqual([
      {
        concertId,
        title: 'Two nights',
        artist: 'Status',
        venueName: null,
        firstStartsAt: null,
        lastStartsAt: null,
        saleStatus: 'UPCOMING',
      },
    ]);
    const venueId = await operator.addVenue(2);
    const path = `/v1/admin/concerts/${concertId}/schedules`;
    const [early, late] = [
      aSchedule(venueId, { startsAt: inHours(150) }),
      aSchedule(venueId, { startsAt: inHours(200) }),
    ];
    await operator.post(path, { ...late, saleOpensAt: inHours(1) });
    await operator.post(path, early);
    expect((await list('?q=Two%20nights')).items).toMatchObject([
      { venueName: 'Venue', firstStartsAt: early.startsAt, lastStartsAt: late.startsAt, saleStatus: 'OPEN' },
    ]);
  });

  it.each(['?limit=0', '?limit=201', '?cursor=nonsense'])('rejects %s', async (query) => {
    expectProblem(await edge.call('GET', `/v1/concerts${query}`), 400, 'validation-failed');
  });
});

describe('GET /v1/concerts/{concertId}', () => {
  it('returns the concert with its description directly after its creation', async () => {
    const { body: made } = await operator.post('/v1/admin/concerts', {
      title: 'One',
      artist: 'Solo',
      description: 'About it',
    });
    const { body } = await edge.call('GET', `/v1/concerts/${String(made['concertId'])}`);
    expect(concertSchema.parse(body)).toMatchObject({
      title: 'One',
      artist: 'Solo',
      description: 'About it',
    });
  });

  it('is 404 for an unknown concert, as are its schedules', async () => {
    const path = `/v1/concerts/${randomUUID()}`;
    expectProblem(await edge.call('GET', path), 404, 'concert-not-found');
    expectProblem(await edge.call('GET', `${path}/schedules`), 404, 'concert-not-found');
  });

  it('returns a concert that was requested before it existed', async () => {
    const { concertId } = await addShowDirectly(edge.dependencies.db, 2);
    await eventually(async () =>
      expect((await edge.call('GET', `/v1/concerts/${concertId}`)).status).toBe(200),
    );
  });
});

describe('GET /v1/concerts/{concertId}/schedules', () => {
  it('returns each schedule as documented, ordered by time', async () => {
    const venueId = await operator.addVenue(3);
    const concertId = await operator.addConcert();
    const waitingRoom = { admitPerSecond: 2.5, maxActive: 100 };
    const [early, late] = [
      aSchedule(venueId, { startsAt: inHours(150) }),
      aSchedule(venueId, { startsAt: inHours(200) }),
    ];
    await operator.post(`/v1/admin/concerts/${concertId}/schedules`, {
      ...late,
      waitingRoom,
      maxSeatsPerUser: 2,
    });
    await operator.post(`/v1/admin/concerts/${concertId}/schedules`, early);
    const expected = { saleStatus: 'OPEN', seatsTotal: 3, seatsAvailable: 3 };
    expect(await schedulesOf(concertId)).toMatchObject([
      {
        ...expected,
        startsAt: early.startsAt,
        saleOpensAt: early.saleOpensAt,
        maxSeatsPerUser: 4,
        waitingRoom: null,
      },
      { ...expected, startsAt: late.startsAt, maxSeatsPerUser: 2, waitingRoom },
    ]);
  });

  it('excludes held, sold and blocked seats within a second, and reports when none is left', async () => {
    const { concertId, scheduleId } = await operator.addShow(3);
    const [held, sold, blocked] = (await readSeatMap(edge, scheduleId)).seats.map((seat) => seat.seatId);
    await allocate(edge.database.owner, scheduleId, held ?? '', 'HELD');
    await allocate(edge.database.owner, scheduleId, sold ?? '', 'SOLD');
    await eventually(async () =>
      expect(await schedulesOf(concertId)).toMatchObject([{ seatsAvailable: 1, saleStatus: 'OPEN' }]),
    );
    await operator.change(scheduleId, { blockSeatIds: [blocked] });
    expect(await schedulesOf(concertId)).toMatchObject([{ seatsAvailable: 0, saleStatus: 'SOLD_OUT' }]);
  });
});

describe('the catalogue without Redis', () => {
  it('comes from Postgres without delay', async () => {
    const other = await startEdge({ settings: { REDIS_URL: 'redis://127.0.0.1:1' } });
    const { concertId } = await addShowDirectly(other.dependencies.db, 2);
    const readAll = async () =>
      Promise.all(
        ['/v1/concerts', `/v1/concerts/${concertId}`, `/v1/concerts/${concertId}/schedules`].map(
          async (path) => other.call('GET', path),
        ),
      );
    // The first responses of a process include the time of its compiler.
    await readAll();
    const startedAt = Date.now();
    expect((await readAll()).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(Date.now() - startedAt).toBeLessThan(500);
    await other.stop();
  });
});
