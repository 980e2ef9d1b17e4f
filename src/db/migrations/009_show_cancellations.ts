import type { Knex } from 'knex';

/** Cancelled shows: the permanently closed sale, and the operator's settings for the refunds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Set once, and never taken back.
    ALTER TABLE schedules
      ADD COLUMN cancelled_at timestamptz,
      ADD COLUMN cancel_reason text,
      ADD CHECK (cancel_reason IS NULL OR cancelled_at IS NOT NULL);

    -- The read model of the workflow that refunds a show. How far it has come is counted in the reservations.
    CREATE TABLE show_cancellations (
      schedule_id        uuid PRIMARY KEY REFERENCES schedules,
      refunds_per_second int NOT NULL CHECK (refunds_per_second > 0),
      paused             boolean NOT NULL,
      finished_at        timestamptz
    );

    -- The order in which the reservations of a show are gone through, page by page.
    CREATE INDEX reservations_of_schedule ON reservations (schedule_id, id);

    GRANT SELECT, INSERT, UPDATE ON show_cancellations TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX reservations_of_schedule;
    DROP TABLE show_cancellations;
    ALTER TABLE schedules DROP COLUMN cancelled_at, DROP COLUMN cancel_reason;
  `);
}
