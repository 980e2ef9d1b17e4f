import { z } from 'zod';
import type { Knex } from 'knex';
import { createConcertStore, type Concert } from '../../db/catalogue/concertStore';
import { createScheduleStore } from '../../db/catalogue/scheduleStore';
import { SALE_SWITCHES } from '../../domain/catalogue/saleStatus';
import { waitingRoomSchema } from '../../domain/queue/waitingRoom';
import type { Cache } from '../../redis/cache';

const scheduleOverview = z.object({
  scheduleId: z.string(),
  concertId: z.string(),
  venueName: z.string(),
  startsAt: z.coerce.date(),
  saleOpensAt: z.coerce.date(),
  saleClosesAt: z.coerce.date(),
  saleSwitch: z.enum(SALE_SWITCHES),
  cancelledAt: z.coerce.date().nullable(),
  seatsTotal: z.number(),
  seatsAvailable: z.number(),
  maxSeatsPerUser: z.number(),
  bookingFee: z.number(),
  currency: z.string(),
  waitingRoom: waitingRoomSchema.nullable(),
});

const concertWithSchedules = z.object({
  concertId: z.string(),
  title: z.string(),
  artist: z.string(),
  description: z.string(),
  schedules: z.array(scheduleOverview),
});

/**
 * A concert with its schedules in order of time. Their sale status follows from the clock, so the cache does not keep
 * it.
 */
export type ConcertWithSchedules = z.output<typeof concertWithSchedules>;

export interface ConcertSearch {
  search: string | undefined;
  limit: number;
  after: string | undefined;
}

export type Catalogue = ReturnType<typeof createCatalogue>;

/** The concerts and their schedules, through the cache. */
export function createCatalogue(db: Knex, cache: Cache) {
  const concerts = createConcertStore(db);
  const schedules = createScheduleStore(db);
  const cachedList = cache.of('concerts', z.array(concertWithSchedules));
  const cachedConcert = cache.of('concert', concertWithSchedules.nullable());

  async function withSchedules(found: readonly Concert[]): Promise<ConcertWithSchedules[]> {
    const all = await schedules.ofConcerts(found.map((concert) => concert.concertId));
    return found.map((concert) => ({
      ...concert,
      schedules: all.filter((schedule) => schedule.concertId === concert.concertId),
    }));
  }

  return {
    /** Newest first. */
    async list(search: ConcertSearch): Promise<ConcertWithSchedules[]> {
      const key = JSON.stringify([search.search?.toLowerCase() ?? null, search.limit, search.after ?? null]);
      return cachedList(key, async () => withSchedules(await concerts.list(search)));
    },

    async find(concertId: string): Promise<ConcertWithSchedules | null> {
      return cachedConcert(concertId, async () => {
        const concert = await concerts.find(concertId);
        if (!concert) return null;
        const [complete] = await withSchedules([concert]);
        return complete ?? null;
      });
    },
  };
}
