import type { Knex } from 'knex';

/**
 * The waiting room that admitted the client when it held its seats: `service`, or the id of the schedule. A payment
 * needs that room, whatever an operator has changed since.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE reservations ADD COLUMN room text NOT NULL DEFAULT 'service';
    UPDATE reservations SET room = schedule.id::text
    FROM schedules AS schedule
    WHERE schedule.id = reservations.schedule_id AND schedule.waiting_room IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE reservations DROP COLUMN room');
}
