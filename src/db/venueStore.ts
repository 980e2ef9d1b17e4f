import type { Knex } from 'knex';
import { seatingPlanSchema, type SeatingPlan } from '../domain/seatingPlan/schema';

export interface Venue {
  venueId: string;
  name: string;
  plan: SeatingPlan;
}

interface VenueRow {
  id: string;
  name: string;
  plan: unknown;
}

export type VenueStore = ReturnType<typeof createVenueStore>;

/** Venues with their seating plans. A plan never changes; a rebuilt venue is a new one. */
export function createVenueStore(db: Knex) {
  return {
    /** A venue with this id that exists already is left as it is. */
    async insert(venue: Venue): Promise<void> {
      await db('venues')
        .insert({ id: venue.venueId, name: venue.name, plan: JSON.stringify(venue.plan) })
        .onConflict('id')
        .ignore();
    },

    async find(venueId: string): Promise<Venue | null> {
      const row = await db<VenueRow>('venues').where({ id: venueId }).first('id', 'name', 'plan');
      return row ? { venueId: row.id, name: row.name, plan: seatingPlanSchema.parse(row.plan) } : null;
    },
  };
}
