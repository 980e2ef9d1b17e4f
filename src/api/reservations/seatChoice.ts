import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Knex } from 'knex';
import { createSeatStore } from '../../db/catalogue/seatStore';
import { createVenueStore } from '../../db/catalogue/venueStore';
import { chooseBest, type SeatWish } from '../../domain/reservations/bestAvailable/choose';
import { layOut, type SeatLayout } from '../../domain/reservations/bestAvailable/layout';
import type { Point } from '../../domain/catalogue/seatingPlan/geometry';
import { validationFailed } from '../http/validation';

/** Ten arenas: some 5 MB each with the windows of four sizes. */
const MAX_SEATS = 150_000;
const MAX_SCHEDULES = 1_000;

/**
 * How old statuses may be to choose by. The claim knows better, so an old one costs a round; reading an arena
 * costs Postgres some 10 ms, at most every so long for each process that is asked.
 */
const STATUSES_TTL_MS = 400;

/** Of all groups that are tried in one call to Redis: some 0.2 ms of its time. */
const SEATS_IN_A_ROUND = 200;

interface Statuses {
  /** One letter a seat in the plan's order. */
  letters: string;
  /** Nothing that was committed before this is missing. Milliseconds since 1970. */
  readAt: number;
}

export type SeatChoice = ReturnType<typeof createSeatChoice>;

/** Chooses among the seats of schedules; what never changes about them is laid out once in each process. */
export function createSeatChoice(db: Knex) {
  const seats = createSeatStore(db);
  const venues = createVenueStore(db);
  const layouts = new LRUCache<string, SeatLayout>({
    maxSize: MAX_SEATS,
    sizeCalculation: (layout) => Math.max(1, layout.slotOf.size),
    fetchMethod: async (scheduleId) => {
      const [drawings, stage] = await Promise.all([
        seats.drawings(scheduleId),
        venues.stageOfSchedule(scheduleId),
      ]);
      return layOut(drawings, stage);
    },
  });
  const statuses = new LRUCache<string, Statuses>({
    max: MAX_SCHEDULES,
    ttl: STATUSES_TTL_MS,
    fetchMethod: async (scheduleId) => {
      const readAt = Date.now();
      return { letters: await seats.statuses(scheduleId), readAt };
    },
  });

  async function layoutOf(scheduleId: string): Promise<SeatLayout> {
    return (await layouts.fetch(scheduleId)) ?? layOut([], null);
  }

  async function statusesOf(scheduleId: string): Promise<Statuses> {
    return (await statuses.fetch(scheduleId)) ?? { letters: '', readAt: Date.now() };
  }

  return {
    /** @throws {Problem} validation-failed with every grade or zone that the schedule does not have */
    async assertKnown(scheduleId: string, { grade, zone }: SeatWish): Promise<void> {
      const { grades, zones } = await layoutOf(scheduleId);
      const issues = [
        unknown('grade', grade, [...grades]),
        unknown('zone', zone, [...new Set(zones.map(({ name }) => name))]),
      ];
      const found = issues.filter((issue) => issue !== null);
      if (found.length > 0) throw validationFailed(found);
    },

    /** The point that seats are chosen to be near to where the plan does not say where its stage is; else null. */
    async assumedStage(scheduleId: string): Promise<Point | null> {
      return (await layoutOf(scheduleId)).assumedStage;
    },

    /**
     * The best groups of free seats, best first. That there are none is said by what Postgres had when the
     * request was here already, for which it waits up to {@link STATUSES_TTL_MS}.
     *
     * @param taken seats that are known not to be free
     * @param since when the request came, in milliseconds since 1970
     * @returns seat ids; empty where nothing fits
     */
    async best(
      scheduleId: string,
      wish: SeatWish,
      { taken, since }: { taken: ReadonlySet<string>; since: number },
    ): Promise<string[][]> {
      const layout = await layoutOf(scheduleId);
      const limit = Math.max(1, Math.floor(SEATS_IN_A_ROUND / wish.quantity));
      const choose = ({ letters }: Statuses): string[][] =>
        chooseBest(layout, letters, wish, { taken, limit });

      for (;;) {
        const known = await statusesOf(scheduleId);
        const groups = choose(known);
        if (groups.length > 0 || known.readAt >= since) return groups;
        await sleep(Math.max(1, statuses.getRemainingTTL(scheduleId)));
      }
    },
  };
}

function unknown(
  path: string,
  asked: string | undefined,
  known: readonly string[],
): { path: string; message: string } | null {
  if (asked === undefined || known.includes(asked)) return null;
  const some = known.slice(0, 20).join(', ');
  return {
    path,
    message: `The schedule has no such ${path}; it has ${some}${known.length > 20 ? ', …' : ''}`,
  };
}
