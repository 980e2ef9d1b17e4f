import type { Knex } from 'knex';
import { readPlan } from '../../domain/catalogue/seatingPlan/readPlan';

/**
 * The service reads a seating plan once. The seats become rows, and the rest becomes a drawing. A schedule copies the
 * seats, and nothing reads the plan again. The plan stays as the operator sent it. A grade without a price is not for
 * sale.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE venues ADD COLUMN drawing jsonb;

    CREATE TABLE venue_seats (
      venue_id   uuid NOT NULL REFERENCES venues ON DELETE CASCADE,
      position   int NOT NULL,
      -- The place of its row in the drawing's list.
      row_place  int NOT NULL,
      guid       text NOT NULL,
      zone       text NOT NULL,
      row        text NOT NULL,
      number     text NOT NULL,
      category   text NOT NULL,
      x          real NOT NULL,
      y          real NOT NULL,
      accessible boolean NOT NULL,
      PRIMARY KEY (venue_id, position)
    );
    GRANT SELECT, INSERT ON venue_seats TO holdfast_app;

    ALTER TABLE grades ALTER COLUMN price DROP NOT NULL;
  `);
  const venues = await knex('venues').select<{ id: string }[]>('id');
  for (const { id } of venues) await readVenue(knex, id);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE venues DROP COLUMN drawing;
    DROP TABLE venue_seats;
    UPDATE grades SET price = 0 WHERE price IS NULL;
    ALTER TABLE grades ALTER COLUMN price SET NOT NULL;
  `);
}

/** If an existing plan cannot be read, it has no drawing, and its venue gets no new schedules. */
async function readVenue(knex: Knex, venueId: string): Promise<void> {
  const row = await knex('venues').where({ id: venueId }).first<{ plan: unknown }>('plan');
  const reading = readPlan(row.plan);
  if (reading.kind === 'faulty') return;
  const { drawing, seats } = reading.hall;
  await knex('venues')
    .where({ id: venueId })
    .update({ drawing: JSON.stringify(drawing) });
  const rows = seats.map((seat, position) => Object.assign({ position }, seat));
  await knex.raw(
    `INSERT INTO venue_seats
       (venue_id, position, row_place, guid, zone, row, number, category, x, y, accessible)
     SELECT ?, position, "rowPlace", guid, zone, row, number, category, x, y, accessible
     FROM jsonb_to_recordset(?::jsonb) AS seat
       (position int, "rowPlace" int, guid text, zone text, row text, number text, category text, x real, y real,
        accessible boolean)`,
    [venueId, JSON.stringify(rows)],
  );
}
