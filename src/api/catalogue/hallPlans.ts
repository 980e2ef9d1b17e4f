import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Knex } from 'knex';
import { createVenueStore } from '../../db/catalogue/venueStore';
import { compress, type Encoding, type SeatMap } from './seatMapBody';

/**
 * Enough for about twenty arenas. The plan of an arena is about 1.5 MB, and its compressed forms are a fifth of that.
 */
const MAX_BYTES = 32 * 1024 * 1024;

/** Its version follows from its content, so that it is the same in every process. */
type HallPlan = Pick<SeatMap, 'version' | 'encoded'> & { bytes: number };

/** The drawings of schedules, ready to send. Postgres writes them, and they never change. */
export function createHallPlans(db: Knex) {
  const venues = createVenueStore(db);
  const plans = new LRUCache<string, HallPlan>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
    fetchMethod: async (scheduleId) => {
      const drawing = await venues.drawingOfSchedule(scheduleId);
      return drawing === null ? undefined : planOf(scheduleId, drawing);
    },
  });

  return {
    /** null for an unknown schedule. */
    async find(scheduleId: string): Promise<HallPlan | null> {
      return (await plans.fetch(scheduleId)) ?? null;
    },
  };
}

function planOf(scheduleId: string, drawing: string): HallPlan {
  const version = createHash('sha256').update(drawing).digest().readUIntBE(0, 6);
  const body = Buffer.from(`${JSON.stringify({ scheduleId, version }).slice(0, -1)},${drawing.slice(1)}`);
  const made = new Map<Encoding, Promise<Buffer>>();
  return {
    version,
    bytes: body.length,
    async encoded(encoding) {
      const known = made.get(encoding) ?? compress[encoding](body);
      made.set(encoding, known);
      return known;
    },
  };
}
