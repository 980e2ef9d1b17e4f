import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { createSeatMapCache, type SeatMapCache } from '../../../src/redis/catalogue/seatMapCache';
import { eventually } from '../../support/eventually';
import { expectProblem, startEdge, type Edge } from '../edge';
import { addShowDirectly, allocate, readSeatMap } from './operator';
import { followSeats, type SeatStream, type SeatStreamOptions } from './seatWatcher';

let edge: Edge;
/** A second process of the same service. */
let other: Edge;
let worker: SeatMapCache;
let scheduleId: string;
let seatIds: string[];
let open: SeatStream[] = [];

beforeAll(async () => {
  edge = await startEdge();
  other = await startEdge({ beside: edge });
  const { redis, logger } = edge.dependencies;
  worker = createSeatMapCache(redis, createBestEffort(redis, logger));
});
beforeEach(async () => {
  ({ scheduleId } = await addShowDirectly(edge.dependencies.db, 4));
  seatIds = (await readSeatMap(edge, scheduleId)).seats.map((seat) => seat.seatId);
});
afterEach(() => {
  for (const stream of open) stream.close();
  open = [];
});
afterAll(async () => {
  await other.stop();
  await edge.stop();
});

async function follow(from: Edge, options?: SeatStreamOptions): Promise<SeatStream> {
  const stream = await followSeats(from.url, scheduleId, options);
  open.push(stream);
  return stream;
}

async function take(seat: number, as: 'HELD' | 'SOLD' = 'HELD') {
  const taken = await allocate(edge.database.owner, scheduleId, seatIds[seat] ?? '', as);
  await worker.bump(scheduleId);
  return taken;
}

async function subscribers() {
  const [, count] = await edge.redis.redis.pubsub('NUMSUB', `{${scheduleId}}:seats:changed`);
  return count;
}

const change = (seat: number, status: string) => ({ seatId: seatIds[seat], status });
const versionNow = async (from = edge) => (await readSeatMap(from, scheduleId)).version;

describe('GET /v1/schedules/{scheduleId}/seats/events', () => {
  it('sends each change after the version of the client, and nothing else', async () => {
    const stream = await follow(edge, { since: await versionNow() });
    const hold = await take(1);
    const first = await stream.next();
    expect(first.changes).toEqual([change(1, 'HELD')]);
    await hold.release();
    await worker.bump(scheduleId);
    const second = await stream.next();
    expect(second.changes).toEqual([change(1, 'AVAILABLE')]);
    expect(second.version).toBeGreaterThan(first.version);
    expect(second.version).toBe(await versionNow());
  });

  it('begins with every seat for a client without a version', async () => {
    await take(2, 'SOLD');
    const stream = await follow(edge);
    expect((await stream.next()).changes).toEqual([
      change(0, 'AVAILABLE'),
      change(1, 'AVAILABLE'),
      change(2, 'SOLD'),
      change(3, 'AVAILABLE'),
    ]);
  });

  it('is not cached, and no proxy buffers it', async () => {
    const { response } = await follow(edge);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
  });

  it('is 404 for an unknown schedule, and 400 for an invalid since', async () => {
    const path = `/v1/schedules/${scheduleId}/seats/events`;
    const unknown = path.replace(scheduleId, randomUUID());
    expectProblem(await edge.call('GET', unknown), 404, 'schedule-not-found');
    expectProblem(await edge.call('GET', `${path}?since=yesterday`), 400, 'validation-failed');
    expectProblem(await edge.call('GET', `${path}?since=0`), 400, 'validation-failed');
  });

  it('sends a change that no process announced', async () => {
    const stream = await follow(edge, { since: await versionNow() });
    await allocate(edge.database.owner, scheduleId, seatIds[0] ?? '', 'SOLD');
    expect((await stream.next()).changes).toEqual([change(0, 'SOLD')]);
  });

  it('ends when the service stops', async () => {
    const third = await startEdge({ beside: edge });
    const stream = await follow(third);
    await stream.next();
    const ended = once(stream.response, 'end');
    await third.stop();
    await expect(ended).resolves.toEqual([]);
  });
});

describe('a stream that was lost', () => {
  it.each([
    ['the same process', () => edge],
    ['another process', () => other],
  ])('resumes on %s with all missed changes in one event', async (_name, process) => {
    const lost = await follow(edge, { since: await versionNow() });
    await take(0);
    const { version } = await lost.next();
    lost.close();
    await take(1);
    await versionNow();
    const hold = await take(2);
    await versionNow(other);
    await hold.release();
    await take(3, 'SOLD');

    const resumed = await follow(process(), { lastEventId: String(version) });
    const { changes } = await resumed.next();
    expect(changes).toEqual(expect.arrayContaining([change(1, 'HELD'), change(3, 'SOLD')]));
    expect(changes).not.toContainEqual(change(0, 'HELD'));
  });

  it('uses Last-Event-ID, not the since that is still in its URL', async () => {
    const since = await versionNow();
    await take(0);
    const lastEventId = String(await versionNow());
    const resumed = await follow(edge, { since, lastEventId });
    await take(1);
    expect((await resumed.next()).changes).toEqual([change(1, 'HELD')]);
  });

  it.each(['1', 'nonsense', String(Number.MAX_SAFE_INTEGER)])(
    'begins with every seat if the server does not know its version: %s',
    async (lastEventId) => {
      const resumed = await follow(edge, { lastEventId });
      expect((await resumed.next()).changes).toHaveLength(4);
    },
  );

  it('begins with every seat if Redis has lost the log', async () => {
    const version = await versionNow(other);
    await edge.redis.redis.flushdb();
    await take(0);
    const resumed = await follow(edge, { lastEventId: String(version) });
    expect((await resumed.next()).changes).toHaveLength(4);
  });
});

describe('many clients that watch a schedule', () => {
  it('share one subscription in each process, which ends when the last of them leaves', async () => {
    const streams = await Promise.all(Array.from({ length: 5 }, async () => follow(edge)));
    await follow(other);
    await eventually(async () => expect(await subscribers()).toBe(2));
    for (const stream of streams) stream.close();
    await eventually(async () => expect(await subscribers()).toBe(1));
  });

  it('all get the same event: 200 of them', async () => {
    const since = await versionNow();
    const streams = await Promise.all(Array.from({ length: 200 }, async () => follow(edge, { since })));
    await take(3);
    const events = await Promise.all(streams.map(async (stream) => stream.next()));
    const { version } = await readSeatMap(edge, scheduleId);
    for (const event of events) expect(event).toEqual({ version, changes: [change(3, 'HELD')] });
  });
});

describe('live seats without Redis', () => {
  it('come from Postgres', async () => {
    const alone = await startEdge({ settings: { REDIS_URL: 'redis://127.0.0.1:1' } });
    ({ scheduleId } = await addShowDirectly(alone.dependencies.db, 2));
    const map = await readSeatMap(alone, scheduleId);
    const stream = await follow(alone, { since: map.version });
    const [seat] = map.seats;
    await allocate(alone.database.owner, scheduleId, seat?.seatId ?? '', 'SOLD');
    const event = await stream.next();
    expect(event.changes).toEqual([{ seatId: seat?.seatId, status: 'SOLD' }]);
    expect(event.version).toBeGreaterThan(map.version);
    await alone.stop();
  });
});

describe('live seats without Postgres', () => {
  it('send nothing, and catch up when Postgres is back', async () => {
    const { owner } = edge.database;
    const stream = await follow(edge, { since: await versionNow() });
    await owner.raw('REVOKE SELECT ON allocations FROM holdfast_app');
    try {
      await take(0, 'SOLD');
      await eventually(async () =>
        expect((await edge.call('GET', `/v1/schedules/${scheduleId}/seats`)).status).toBeGreaterThanOrEqual(
          500,
        ),
      );
      expect(stream.events).toEqual([]);
    } finally {
      await owner.raw('GRANT SELECT ON allocations TO holdfast_app');
    }
    expect((await stream.next()).changes).toEqual([change(0, 'SOLD')]);
  });
});
