import { LRUCache } from 'lru-cache';
import type { Knex } from 'knex';
import { createScheduleStore, type ScheduleFacts } from './scheduleStore';
import { createSeatStore } from './seatStore';

/** Some tens of megabytes at most; a hot sale of an arena fits several times. */
const MAX_SEATS = 60_000;
const MAX_SCHEDULES = 5_000;

/** An operator's pause reaches every process within this time. */
const FACTS_TTL_MS = 800;

export type SeatDirectory = ReturnType<typeof createSeatDirectory>;

/**
 * What the path of a hold asks about seats and schedules again and again, kept in the process, so that a
 * lost race costs Postgres nothing. A seat never changes its schedule; a schedule's facts are at most
 * {@link FACTS_TTL_MS} old, and read once however many ask at the same time.
 */
export function createSeatDirectory(db: Knex) {
  const seats = createSeatStore(db);
  const schedules = createScheduleStore(db);
  const scheduleOfSeat = new LRUCache<string, string>({ max: MAX_SEATS });
  const facts = new LRUCache<string, ScheduleFacts>({
    max: MAX_SCHEDULES,
    ttl: FACTS_TTL_MS,
    fetchMethod: async (scheduleId) => (await schedules.facts(scheduleId)) ?? undefined,
  });

  return {
    /** The schedule of each seat; unknown seats are missing. */
    async schedulesOf(seatIds: readonly string[]): Promise<Map<string, string>> {
      const missing = seatIds.filter((seatId) => !scheduleOfSeat.has(seatId));
      const read = missing.length > 0 ? await seats.schedulesOf(missing) : new Map<string, string>();
      for (const [seatId, scheduleId] of read) scheduleOfSeat.set(seatId, scheduleId);
      const found = new Map<string, string>();
      for (const seatId of seatIds) {
        const scheduleId = read.get(seatId) ?? scheduleOfSeat.get(seatId);
        if (scheduleId !== undefined) found.set(seatId, scheduleId);
      }
      return found;
    },

    /** null for an unknown schedule. */
    async schedule(scheduleId: string): Promise<ScheduleFacts | null> {
      return (await facts.fetch(scheduleId)) ?? null;
    },
  };
}
