import type { Knex } from 'knex';

/** Wheelchair spaces and the companion seats beside them. Existing seats count as not accessible. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE seats ADD COLUMN accessible boolean NOT NULL DEFAULT false');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE seats DROP COLUMN accessible');
}
