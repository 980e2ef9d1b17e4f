import * as fc from 'fast-check';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { createSeatMapCache, type SeatMapCache } from '../../../src/redis/catalogue/seatMapCache';
import { eventually } from '../../support/eventually';
import { startEdge, type Edge } from '../edge';
import { addShowDirectly, allocate, readSeatMap } from './operator';
import { followSeats, type SeatStream } from './seatWatcher';

const SEATS = 8;
const CLIENTS = 4;
const RUNS = 8;
const LONG_MS = 180_000;

let processes: Edge[];
let worker: SeatMapCache;

beforeAll(async () => {
  const edge = await startEdge();
  processes = [edge, await startEdge({ beside: edge })];
  const { redis, logger } = edge.dependencies;
  worker = createSeatMapCache(redis, createBestEffort(redis, logger));
});
afterAll(async () => {
  for (const edge of processes.toReversed()) await edge.stop();
});

const seat = fc.nat(SEATS - 1);
const client = fc.nat(CLIENTS - 1);
const process = fc.nat(1);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), seat, sold: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change silently' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('announce nothing' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resume' as const), client, process }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read and follow' as const), client, process }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), process }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose everything in Redis' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut the subscriptions' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('a client that applies the events to the map that it has read', () => {
  it(
    'has every seat as in the database, whatever is lost on the way, and no version ever has two contents',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
          const show = await openShow();
          for (const next of steps) await show.take(next);
          await show.followAll();
          const expected = await show.statusesInDatabase();
          await eventually(async () => {
            const seen = show.screens.map((screen) => Object.fromEntries(screen.statuses));
            expect(seen).toEqual(show.screens.map(() => expected));
            return Promise.resolve();
          }, 5_000);
          expect(show.contradictions).toEqual([]);
          show.end();
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    LONG_MS,
  );
});

/** The state of one client: only the map that it read, and the events. */
class Screen {
  version = 0;
  readonly statuses = new Map<string, string>();
  stream: SeatStream | undefined;
}

async function openShow() {
  const [edge] = processes;
  if (!edge) throw new Error('no process');
  const { scheduleId } = await addShowDirectly(edge.dependencies.db, SEATS);
  const { owner } = edge.database;
  const seatIds = (await readSeatMap(edge, scheduleId)).seats.map(({ seatId }) => seatId);
  const screens = Array.from({ length: CLIENTS }, () => new Screen());
  const taken = new Map<number, { release(): Promise<void> }>();
  /** The statuses under each version, as any client of any process saw them. */
  const meanings = new Map<number, string>();
  const contradictions: string[] = [];

  function note(version: number, statuses: ReadonlyMap<string, string>): void {
    const content = seatIds.map((seatId) => statuses.get(seatId)).join(' ');
    const known = meanings.get(version) ?? content;
    if (known !== content) contradictions.push(`${version} means ${known}, and ${content}`);
    meanings.set(version, content);
  }

  async function read(from: Edge) {
    const { version, seats } = await readSeatMap(from, scheduleId);
    const statuses = new Map(seats.map(({ seatId, status }) => [seatId, status]));
    note(version, statuses);
    return { version, statuses };
  }

  async function follow(screen: Screen, from: Edge): Promise<void> {
    screen.stream?.close();
    const ours = await followSeats(from.url, scheduleId, {
      lastEventId: String(screen.version),
      heard(event) {
        // Events of a stream that the client has left no longer count.
        if (screen.stream !== undefined && screen.stream !== ours) return;
        for (const { seatId, status } of event.changes) screen.statuses.set(seatId, status);
        screen.version = event.version;
        note(screen.version, screen.statuses);
      },
    });
    screen.stream = ours;
  }

  async function change(position: number, as: 'HELD' | 'SOLD'): Promise<void> {
    const before = taken.get(position);
    if (before) {
      await before.release();
      taken.delete(position);
    } else {
      taken.set(position, await allocate(owner, scheduleId, seatIds[position] ?? '', as));
    }
  }

  const screenOf = (index: number): Screen => screens[index] ?? new Screen();
  const processOf = (index: number): Edge => processes[index] ?? edge;

  return {
    screens,
    contradictions,
    async followAll(): Promise<void> {
      for (const screen of screens) if (!screen.stream) await follow(screen, edge);
    },

    async take(next: Step): Promise<void> {
      switch (next.do) {
        case 'change':
          await change(next.seat, next.sold ? 'SOLD' : 'HELD');
          await worker.bump(scheduleId);
          return;
        case 'change silently':
          return change(next.seat, 'HELD');
        case 'announce nothing':
          await worker.bump(scheduleId);
          return;
        case 'read':
          await read(processOf(next.process));
          return;
        case 'read and follow': {
          const screen = screenOf(next.client);
          screen.stream?.close();
          screen.stream = undefined;
          const map = await read(processOf(next.process));
          screen.version = map.version;
          for (const [seatId, status] of map.statuses) screen.statuses.set(seatId, status);
          return follow(screen, processOf(next.process));
        }
        case 'resume':
          return follow(screenOf(next.client), processOf(next.process));
        case 'wait': {
          // Time for an event that is under way, or for a little more than the pause between two looks.
          const { stream } = screenOf(next.client);
          if (stream) await Promise.race([stream.next(), new Promise((resolve) => setTimeout(resolve, 300))]);
          return;
        }
        case 'lose everything in Redis':
          await edge.redis.redis.flushdb();
          return;
        case 'cut the subscriptions':
          return cutSubscriptions(edge);
      }
    },

    async statusesInDatabase(): Promise<Record<string, string>> {
      const inDatabase = await edge.database.db.raw<{ rows: { seatId: string; sold: boolean }[] }>(
        `SELECT seat_id AS "seatId", sold_at IS NOT NULL AS sold FROM allocations
         WHERE schedule_id = ? AND released_at IS NULL`,
        [scheduleId],
      );
      const statuses = new Map(seatIds.map((seatId) => [seatId, 'AVAILABLE']));
      for (const { seatId, sold } of inDatabase.rows) statuses.set(seatId, sold ? 'SOLD' : 'HELD');
      return Object.fromEntries(statuses);
    },

    end(): void {
      for (const screen of screens) screen.stream?.close();
    },
  };
}

/** Closes the connections on which the processes subscribe. */
async function cutSubscriptions(from: Edge): Promise<void> {
  const { redis } = from.redis;
  const database = redis.options.db;
  const lines = String(await redis.client('LIST')).split('\n');
  const ours = lines.filter((line) => line.includes('-subscriber ') && line.includes(` db=${database} `));
  for (const line of ours) await redis.client('KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '');
}
