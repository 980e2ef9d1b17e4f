import type { Knex } from 'knex';
import type { Point } from '../../domain/catalogue/seatingPlan/geometry';
import type { HallCategory, HallDrawing } from '../../domain/catalogue/seatingPlan/hall';
import type { HallText } from '../../domain/catalogue/seatingPlan/hallText';

export interface NewVenue {
  venueId: string;
  name: string;
  /** An IANA name. The days of a show at this venue are days in this time zone. */
  timeZone: string;
  hall: HallText;
}

export type VenueStore = ReturnType<typeof createVenueStore>;

/**
 * Venues with their seats and drawings. A plan never changes. A rebuilt venue is a new venue. If `db` is a transaction,
 * all statements run in it.
 */
export function createVenueStore(db: Knex) {
  return {
    /** If a venue with this id exists, it stays unchanged. Must run in a transaction. */
    async insert({ venueId, name, timeZone, hall }: NewVenue): Promise<void> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `INSERT INTO venues (id, name, time_zone, plan, drawing) VALUES (?, ?, ?, ?::jsonb, ?::jsonb)
         ON CONFLICT (id) DO NOTHING RETURNING id`,
        [venueId, name, timeZone, hall.plan.toString(), hall.drawing.toString()],
      );
      if (rows.length === 0) return;
      for (const seats of hall.seats) {
        await db.raw(
          `INSERT INTO venue_seats
             (venue_id, position, row_place, guid, zone, row, number, category, x, y, accessible)
           SELECT ?, position, "rowPlace", guid, zone, row, number, category, x, y, accessible
           FROM jsonb_to_recordset(?::jsonb) AS seat
             (position int, "rowPlace" int, guid text, zone text, row text, number text, category text,
              x real, y real, accessible boolean)`,
          [venueId, seats.toString()],
        );
      }
    },

    /** The categories of a venue's plan, in the order of the plan; null for an unknown venue. */
    async categories(venueId: string): Promise<HallCategory[] | null> {
      const { rows } = await db.raw<{ rows: { categories: HallCategory[] | null }[] }>(
        `SELECT drawing->'categories' AS categories FROM venues WHERE id = ?`,
        [venueId],
      );
      const [venue] = rows;
      return venue ? (venue.categories ?? []) : null;
    },

    /** The position of the stage in the schedule's venue; null if it is not known. */
    async stageOfSchedule(scheduleId: string): Promise<Point | null> {
      const { rows } = await db.raw<{ rows: { stage: Point | null }[] }>(
        `SELECT nullif(venue.drawing->'stage', 'null') AS stage
         FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
         WHERE schedule.id = ?`,
        [scheduleId],
      );
      return rows[0]?.stage ?? null;
    },

    /**
     * The drawing of a schedule's hall as JSON that Postgres builds: a {@link HallDrawing} with the seats of each row.
     * It never changes.
     *
     * @returns null for an unknown schedule
     */
    async drawingOfSchedule(scheduleId: string): Promise<string | null> {
      const { rows } = await db.raw<{ rows: { drawing: string }[] }>(
        `WITH hall AS (
           SELECT venue.id AS venue_id, coalesce(venue.drawing, :nothing::jsonb) AS drawing
           FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
           WHERE schedule.id = :scheduleId),
         seats_of_rows AS (
           SELECT planned.row_place,
                  jsonb_agg(jsonb_build_object('seatId', seat.id, 'guid', planned.guid) ORDER BY seat.position) AS seats
           FROM hall
           JOIN venue_seats AS planned USING (venue_id)
           JOIN seats AS seat ON seat.schedule_id = :scheduleId AND seat.position = planned.position
           GROUP BY planned.row_place),
         rows AS (
           SELECT coalesce(jsonb_agg(row.value || jsonb_build_object('seats', coalesce(seats, '[]')) ORDER BY place), '[]')
                    AS rows
           FROM hall
           CROSS JOIN jsonb_array_elements(drawing->'rows') WITH ORDINALITY AS row (value, place)
           LEFT JOIN seats_of_rows ON row_place = place - 1)
         SELECT (drawing || jsonb_build_object('rows', rows.rows))::text AS drawing FROM hall CROSS JOIN rows`,
        { scheduleId, nothing: JSON.stringify(NOTHING_DRAWN) },
      );
      return rows[0]?.drawing ?? null;
    },
  };
}

/** For a venue whose plan could not be read by migration 022. */
const NOTHING_DRAWN: HallDrawing = {
  size: { width: 0, height: 0 },
  stage: null,
  categories: [],
  zones: [],
  rows: [],
  areas: [],
};
