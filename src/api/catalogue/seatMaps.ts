import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import { createScheduleStore } from '../../db/scheduleStore';
import { createSeatStore } from '../../db/seatStore';
import type { SeatMapCache } from '../../redis/seatMapCache';
import { createSeatMapTemplate, type SeatMapBody, type SeatMapTemplate } from './seatMapBody';

/** Ten arenas: with their bodies some 60 MB. */
const MAX_SEATS = 150_000;

/**
 * How long statuses are trusted without asking Postgres, in Redis and again in the process; together they
 * stay under the second in which a sold seat must be seen even if its bump was lost.
 */
const TRUSTED_MS = 400;

/**
 * Building maps of one schedule may take this share of the time, after a first burst. Compressing a body
 * costs about three times its building (an arena: 15 ms and 40 ms), so that both take a quarter.
 */
const BUILD_SHARE = 0.07;
const BUILD_BURST_MS = 1_000;
const LONGEST_BUILD_DEBT_MS = 400;

interface Entry {
  scheduleId: string;
  template: SeatMapTemplate;
  current: { body: SeatMapBody; statuses: string; trustedUntil: number } | undefined;
  building: Promise<SeatMapBody> | undefined;
  /** Up to when past builds have used up their share of the time. */
  paidUntil: number;
}

export type SeatMaps = ReturnType<typeof createSeatMaps>;

/**
 * The seat maps of all schedules, serialised and ready to send.
 *
 * 1. A body is sent while its version is the one in Redis and its statuses are younger than TRUSTED_MS.
 * 2. Otherwise it is rebuilt, once however many ask: statuses come from Redis if another process has left
 *    them there, else from Postgres, and the version is read before them.
 * 3. While a sale changes the map faster than it can be built, a body may be sent up to LONGEST_BUILD_DEBT_MS
 *    longer, so that looking at seats never takes the machine from selling them.
 * 4. Without Redis, Postgres is asked every TRUSTED_MS, and versions come from the clock.
 */
export function createSeatMaps(db: Knex, cache: SeatMapCache) {
  const seats = createSeatStore(db);
  const schedules = createScheduleStore(db);
  const entries = new LRUCache<string, Entry>({
    maxSize: MAX_SEATS,
    sizeCalculation: (entry) => Math.max(1, entry.template.seats),
    fetchMethod: loadEntry,
  });

  async function loadEntry(scheduleId: string): Promise<Entry | undefined> {
    const schedule = await schedules.facts(scheduleId);
    if (!schedule) return undefined;
    const [grades, drawings] = await Promise.all([schedules.grades(scheduleId), seats.drawings(scheduleId)]);
    const template = createSeatMapTemplate(schedule, grades, drawings);
    return { scheduleId, template, current: undefined, building: undefined, paidUntil: 0 };
  }

  async function build(entry: Entry): Promise<SeatMapBody> {
    const { scheduleId, template, current } = entry;
    const shared = await cache.read(scheduleId);
    const statuses = shared?.statuses ?? (await seats.statuses(scheduleId));
    const unchanged = current?.statuses === statuses ? current.body : undefined;
    const version =
      (await sharedVersion(scheduleId, shared, statuses)) ??
      unchanged?.version ??
      Math.max(Date.now() * 1_000, (current?.body.version ?? 0) + 1);
    const body = unchanged?.version === version ? unchanged : template.render(version, statuses);
    entry.current = { body, statuses, trustedUntil: Date.now() + trustedMs() };
    return body;
  }

  /** The version that Redis gives these statuses; undefined with Redis down. */
  async function sharedVersion(
    scheduleId: string,
    shared: Awaited<ReturnType<SeatMapCache['read']>>,
    statuses: string,
  ): Promise<number | undefined> {
    if (!shared || shared.statuses !== null) return shared?.version;
    return cache.publish(scheduleId, shared.version, statuses, trustedMs());
  }

  async function rebuild(entry: Entry): Promise<SeatMapBody> {
    const startedAt = Date.now();
    try {
      return await build(entry);
    } finally {
      const now = Date.now();
      const debt = Math.min((now - startedAt) / BUILD_SHARE, LONGEST_BUILD_DEBT_MS);
      entry.paidUntil = Math.max(entry.paidUntil, now) + debt;
      entry.building = undefined;
    }
  }

  async function fresh(entry: Entry): Promise<SeatMapBody | undefined> {
    const now = Date.now();
    if (!entry.current) return undefined;
    if (entry.paidUntil > now + BUILD_BURST_MS) return entry.current.body;
    if (now >= entry.current.trustedUntil) return undefined;
    const version = await cache.version(entry.scheduleId);
    // Read again: a build may have ended meanwhile.
    const { body } = entry.current;
    return version === undefined || version === body.version ? body : undefined;
  }

  return {
    /** null for an unknown schedule. */
    async find(scheduleId: string): Promise<SeatMapBody | null> {
      const entry = await entries.fetch(scheduleId);
      if (!entry) return null;
      const body = await fresh(entry);
      if (body) return body;
      entry.building ??= rebuild(entry);
      return entry.building;
    },
  };
}

const trustedMs = (): number => Math.ceil(TRUSTED_MS * (0.7 + 0.3 * Math.random()));
