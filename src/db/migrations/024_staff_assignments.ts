import type { Knex } from 'knex';

/** The venues and schedules at which a staff account may check in. A staff account without any may check in everywhere. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE staff_assignments (
      user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      venue_id    uuid REFERENCES venues,
      schedule_id uuid REFERENCES schedules,
      CHECK (num_nonnulls(venue_id, schedule_id) = 1)
    );
    CREATE UNIQUE INDEX one_assignment_to_a_venue ON staff_assignments (user_id, venue_id)
      WHERE venue_id IS NOT NULL;
    CREATE UNIQUE INDEX one_assignment_to_a_schedule ON staff_assignments (user_id, schedule_id)
      WHERE schedule_id IS NOT NULL;
    GRANT SELECT, INSERT, DELETE ON staff_assignments TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE staff_assignments');
}
