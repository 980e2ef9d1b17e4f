import type { Knex } from 'knex';

/** The states of a ticket at the gate, and separate keys that sign its code. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of each purpose the newest key that is not retired signs; every key here verifies.
    ALTER TABLE signing_keys
      ADD COLUMN purpose text NOT NULL DEFAULT 'session' CHECK (purpose IN ('session', 'ticket'));
    CREATE UNIQUE INDEX one_key_signs_for_each_purpose ON signing_keys (purpose) WHERE retired_at IS NULL;

    ALTER TABLE tickets
      -- Codes of earlier versions are void.
      ADD COLUMN version   int NOT NULL DEFAULT 1 CHECK (version > 0),
      ADD COLUMN used_at   timestamptz,
      ADD COLUMN used_gate text,
      ADD COLUMN used_by   uuid REFERENCES users,
      ADD CHECK (status <> 'USED' OR (used_at IS NOT NULL AND used_gate IS NOT NULL AND used_by IS NOT NULL));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE tickets DROP COLUMN version, DROP COLUMN used_at, DROP COLUMN used_gate, DROP COLUMN used_by;
    DELETE FROM signing_keys WHERE purpose <> 'session';
    ALTER TABLE signing_keys DROP COLUMN purpose;
  `);
}
