import type { Knex } from 'knex';

/** Housekeeping finds rows to remove by their age. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- When the key was last sent: one that is in use is not old, however long ago it was first seen.
    ALTER TABLE idempotency_keys RENAME COLUMN created_at TO used_at;
    CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX refresh_tokens_expiry;
    ALTER TABLE idempotency_keys RENAME COLUMN used_at TO created_at;
  `);
}
