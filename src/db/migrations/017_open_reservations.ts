import type { Knex } from 'knex';

/** The sweep looks for open reservations that are overdue. There are few open ones, and even fewer old ones. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX open_reservations ON reservations (expires_at, id) WHERE status IN ('HELD', 'PAYING', 'SETTLING');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX open_reservations');
}
