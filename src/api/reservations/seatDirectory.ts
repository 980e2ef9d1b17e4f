import { LRUCache } from 'lru-cache';
import type { Knex } from 'knex';
import { createScheduleStore, type ScheduleFacts } from '../../db/catalogue/scheduleStore';
import { createSeatStore } from '../../db/catalogue/seatStore';

/** At most some tens of megabytes. This is several times the seats of one arena with a hot sale. */
const MAX_SEATS = 60_000;
const MAX_SCHEDULES = 5_000;

/** A pause by an operator reaches every process within this time. */
const FACTS_TTL_MS = 800;

export type SeatDirectory = ReturnType<typeof createSeatDirectory>;

/**
 * Caches in the process what every hold needs to know about seats and schedules. So a lost race costs Postgres nothing.
 * The schedule of a seat never changes. The facts of a schedule are at most {@link FACTS_TTL_MS} old, and parallel
 * callers share one read.
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
    /** The schedule of each seat. Unknown seats are missing. */
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
