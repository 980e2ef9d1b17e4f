import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Knex } from 'knex';
import { createSeatStore } from '../../db/catalogue/seatStore';
import { createVenueStore } from '../../db/catalogue/venueStore';
import { chooseBest, type SeatWish } from '../../domain/reservations/bestAvailable/choose';
import { layOut, type SeatLayout } from '../../domain/reservations/bestAvailable/layout';
import type { Point } from '../../domain/catalogue/seatingPlan/geometry';
import { validationFailed } from '../http/validation';

/** Enough for ten arenas: about 5 MB each with the windows of four sizes. */
const MAX_SEATS = 150_000;
const MAX_SCHEDULES = 1_000;

/**
 * How old the statuses may be that a choice uses. The claim knows better, so an old status costs a round. Reading an
 * arena costs Postgres about 10 ms, at most once in this time for each process that is asked.
 */
const STATUSES_TTL_MS = 400;

/** The number of seats of all groups that one call to Redis tries: about 0.2 ms of its time. */
const SEATS_IN_A_ROUND = 200;

interface Statuses {
  /** One letter for each seat, in the order of the plan. */
  letters: string;
  /** In milliseconds since 1970. Nothing that was committed before this time is missing. */
  readAt: number;
}

export type SeatChoice = ReturnType<typeof createSeatChoice>;

/** Chooses among the seats of schedules. Each process lays out once what never changes about them. */
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

    /** Returns the point that the chosen seats are near, if the plan does not say where its stage is; else null. */
    async assumedStage(scheduleId: string): Promise<Point | null> {
      return (await layoutOf(scheduleId)).assumedStage;
    },

    /**
     * Returns the best groups of free seats, best first. Before it returns that there are none, it reads statuses that
     * are newer than the request. It waits up to {@link STATUSES_TTL_MS} for them.
     *
     * @param taken seats that are known not to be free
     * @param since the time of the request, in milliseconds since 1970
     * @returns seat ids; empty if nothing fits
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
