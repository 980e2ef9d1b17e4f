import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import { createScheduleStore } from '../../db/catalogue/scheduleStore';
import { createSeatStore } from '../../db/catalogue/seatStore';
import type { SeatMapCache } from '../../redis/catalogue/seatMapCache';
import { createSeatMapTemplate, type SeatMap, type SeatMapTemplate } from './seatMapBody';

/** Enough for ten arenas: about 60 MB with their bodies. */
const MAX_SEATS = 150_000;

/**
 * How long all processes together trust statuses after one of them asked Postgres. A sold seat must be visible within a
 * second, even if no process announced it.
 */
const TRUSTED_MS = 400;

/**
 * After a first burst, loading the statuses of one schedule may take this share of the time. Writing and compressing a
 * body costs about three times as much (an arena: 15 ms and 40 ms). So all of it together takes a quarter.
 */
const LOAD_SHARE = 0.07;
const LOAD_BURST_MS = 1_000;
const LONGEST_LOAD_DEBT_MS = 400;

/**
 * How long a process trusts a mark without asking Redis again. It is shorter than the way of any response from worker
 * to client. So a client that has just held a seat sees the seat as held.
 */
const MARK_TRUSTED_MS = 2;

interface Entry {
  scheduleId: string;
  template: SeatMapTemplate;
  current: { map: SeatMap; mark: string | undefined; trustedUntil: number } | undefined;
  loading: Promise<SeatMap> | undefined;
  asked: { at: number; mark: Promise<string | undefined> } | undefined;
  /** Until this time, past loads have used up their share of the time. */
  paidUntil: number;
}

export type SeatMaps = ReturnType<typeof createSeatMaps>;

/**
 * The seat maps of all schedules, ready to send.
 *
 * 1. A process returns a map if no change was announced since it was read, and if its statuses are younger than
 *    TRUSTED_MS. No change was announced if the mark in Redis is still the one that was read before the statuses.
 * 2. Otherwise the process loads the statuses, once for all requests that wait. They come from Redis if another process
 *    has left them there, else from Postgres. Redis gives the version that names them.
 * 3. If a sale changes the map faster than it can be loaded, the process may return a map for up to
 *    LONGEST_LOAD_DEBT_MS longer. So looking at seats never takes the machine away from selling them.
 * 4. Without Redis, a process asks Postgres every TRUSTED_MS, and versions come from the clock.
 *
 * The versions that one process returns for a schedule never go back.
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
    return { scheduleId, template, current: undefined, loading: undefined, asked: undefined, paidUntil: 0 };
  }

  async function load(entry: Entry): Promise<SeatMap> {
    const { scheduleId, template, current } = entry;
    const known = current?.map.version ?? 0;
    const shared = await cache.read(scheduleId, known, trustedMs());
    const { version, statuses, ageMs } = shared?.kept ?? (await loadStatuses(entry, shared?.mark, known));
    const map = current?.map.version === version ? current.map : template.fill(version, statuses);
    entry.current = { map, mark: shared?.mark, trustedUntil: Date.now() + trustedMs() - ageMs };
    return map;
  }

  /** Loads from Postgres. @param mark the mark that was read before; undefined if Redis is down */
  async function loadStatuses({ scheduleId, current }: Entry, mark: string | undefined, known: number) {
    const startedAt = performance.now();
    const statuses = await seats.statuses(scheduleId);
    const ageMs = performance.now() - startedAt;
    const named =
      mark === undefined ? undefined : await cache.publish(scheduleId, { mark, statuses, known, ageMs });
    if (named) return { ...named, ageMs };
    const unchanged = current?.map.statuses === statuses;
    return { version: unchanged ? known : Math.max(Date.now() * 1_000, known + 1), statuses, ageMs };
  }

  async function reload(entry: Entry): Promise<SeatMap> {
    const startedAt = Date.now();
    try {
      return await load(entry);
    } finally {
      const now = Date.now();
      const debt = Math.min((now - startedAt) / LOAD_SHARE, LONGEST_LOAD_DEBT_MS);
      entry.paidUntil = Math.max(entry.paidUntil, now) + debt;
      entry.loading = undefined;
    }
  }

  /** One question to Redis serves all requests within MARK_TRUSTED_MS. */
  async function latestMark(entry: Entry): Promise<string | undefined> {
    const now = performance.now();
    if (!entry.asked || now - entry.asked.at >= MARK_TRUSTED_MS) {
      entry.asked = { at: now, mark: cache.mark(entry.scheduleId) };
    }
    return entry.asked.mark;
  }

  async function fresh(entry: Entry): Promise<SeatMap | undefined> {
    const now = Date.now();
    if (!entry.current) return undefined;
    if (entry.paidUntil > now + LOAD_BURST_MS) return entry.current.map;
    if (now >= entry.current.trustedUntil) return undefined;
    const latest = await latestMark(entry);
    // Read again: a load may have ended meanwhile.
    const { current } = entry;
    return latest === undefined || latest === current.mark ? current.map : undefined;
  }

  return {
    /** null for an unknown schedule. */
    async find(scheduleId: string): Promise<SeatMap | null> {
      const entry = entries.get(scheduleId) ?? (await entries.fetch(scheduleId));
      if (!entry) return null;
      const map = await fresh(entry);
      if (map) return map;
      entry.loading ??= reload(entry);
      return entry.loading;
    },
  };
}

const trustedMs = (): number => Math.ceil(TRUSTED_MS * (0.7 + 0.3 * Math.random()));
