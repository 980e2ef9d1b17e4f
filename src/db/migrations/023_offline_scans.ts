import type { Knex } from 'knex';

/** The device that scanned a ticket while its gate had no network. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE tickets ADD COLUMN used_device text');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE tickets DROP COLUMN used_device');
}
