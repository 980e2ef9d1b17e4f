import type { Knex } from 'knex';
import { z } from 'zod';
import {
  seatingPlanSchema,
  zoneAreasSchema,
  type SeatingPlan,
  type ZoneAreas,
} from '../domain/seatingPlan/schema';

export interface Venue {
  venueId: string;
  name: string;
  /** An IANA name: days of a show here are days there. */
  timeZone: string;
  plan: SeatingPlan;
}

interface VenueRow {
  id: string;
  name: string;
  time_zone: string;
  plan: unknown;
}

export type VenueStore = ReturnType<typeof createVenueStore>;

/** Venues with their seating plans. A plan never changes; a rebuilt venue is a new one. */
export function createVenueStore(db: Knex) {
  return {
    /** A venue with this id that exists already is left as it is. */
    async insert(venue: Venue): Promise<void> {
      await db('venues')
        .insert({
          id: venue.venueId,
          name: venue.name,
          time_zone: venue.timeZone,
          plan: JSON.stringify(venue.plan),
        })
        .onConflict('id')
        .ignore();
    },

    async find(venueId: string): Promise<Venue | null> {
      const row = await db<VenueRow>('venues')
        .where({ id: venueId })
        .first('id', 'name', 'time_zone', 'plan');
      if (!row) return null;
      const { name, time_zone: timeZone } = row;
      return { venueId, name, timeZone, plan: seatingPlanSchema.parse(row.plan) };
    },

    /** What is drawn beside the seats of a schedule's venue: a small part of its plan, which may be megabytes. */
    async areasOfSchedule(scheduleId: string): Promise<ZoneAreas[]> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `SELECT zone->'position' AS position, zone->'areas' AS areas
         FROM schedules AS schedule
         JOIN venues AS venue ON venue.id = schedule.venue_id,
         jsonb_array_elements(venue.plan->'zones') WITH ORDINALITY AS zones (zone, place)
         WHERE schedule.id = ? AND zone->'areas' IS NOT NULL
         ORDER BY place`,
        [scheduleId],
      );
      return z.array(zoneAreasSchema).parse(rows);
    },
  };
}
