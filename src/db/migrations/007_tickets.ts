import type { Knex } from 'knex';

/** The life of a ticket at the gate, and keys of their own that sign its code. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of each purpose the newest key that is not retired signs; every key here verifies.
    ALTER TABLE signing_keys
      ADD COLUMN purpose text NOT NULL DEFAULT 'session' CHECK (purpose IN ('session', 'ticket'));
    CREATE UNIQUE INDEX one_key_signs_for_each_purpose ON signing_keys (purpose) WHERE retired_at IS NULL;

    ALTER TABLE tickets
      -- Codes of earlier versions are void.
      ADD COLUMN version     int NOT NULL DEFAULT 1 CHECK (version > 0),
      ADD COLUMN used_at     timestamptz,
      ADD COLUMN used_gate   text,
      ADD COLUMN used_by     uuid REFERENCES users,
      -- The operation that admitted: whoever repeats it hears that it did.
      ADD COLUMN check_in_id uuid,
      ADD CHECK (status <> 'USED' OR (used_at IS NOT NULL AND used_gate IS NOT NULL AND check_in_id IS NOT NULL));

    -- One row for each new version; its id is that of the operation, so that a repeat makes no further one.
    CREATE TABLE ticket_reissues (
      id          uuid PRIMARY KEY,
      ticket_id   uuid NOT NULL REFERENCES tickets,
      version     int NOT NULL CHECK (version > 1),
      reissued_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (ticket_id, version)
    );
    GRANT SELECT, INSERT ON ticket_reissues TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE ticket_reissues;
    ALTER TABLE tickets DROP COLUMN version, DROP COLUMN used_at, DROP COLUMN used_gate, DROP COLUMN used_by,
      DROP COLUMN check_in_id;
    DELETE FROM signing_keys WHERE purpose <> 'session';
    ALTER TABLE signing_keys DROP COLUMN purpose;
  `);
}
