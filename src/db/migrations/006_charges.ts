import type { Knex } from 'knex';

/** Records the gateway of a payment. Records top-ups from their beginning and not only from their success. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: the attempt was closed before it was opened, and no gateway has ever heard of it.
    ALTER TABLE payments ADD COLUMN gateway text DEFAULT 'sandbox', ADD COLUMN payment_key text;
    ALTER TABLE payments ALTER COLUMN gateway DROP DEFAULT;
    -- A payment that a client has prepared pays one thing. The sandbox's keys name behaviours instead.
    CREATE UNIQUE INDEX one_payment_per_payment_key ON payments (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox';
    CREATE INDEX payments_by_gateway_id ON payments (gateway_payment_id) WHERE gateway_payment_id IS NOT NULL;
    -- Attempts whose charge is not known to be voided yet; there are hardly ever any.
    CREATE INDEX payments_to_give_back ON payments (created_at) WHERE status = 'FAILED' AND undone_at IS NULL;

    ALTER TABLE top_ups
      ADD COLUMN status text NOT NULL DEFAULT 'SUCCEEDED' CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
      ADD COLUMN gateway text NOT NULL DEFAULT 'sandbox',
      ADD COLUMN payment_key text,
      ADD COLUMN reason text,
      -- Of a FAILED top-up: until then its charge may still be taken.
      ADD COLUMN undone_at timestamptz,
      ALTER COLUMN gateway_payment_id DROP NOT NULL,
      ALTER COLUMN balance_after DROP NOT NULL,
      ADD CHECK (status <> 'SUCCEEDED' OR (gateway_payment_id IS NOT NULL AND balance_after IS NOT NULL));
    ALTER TABLE top_ups ALTER COLUMN status DROP DEFAULT, ALTER COLUMN gateway DROP DEFAULT;
    CREATE UNIQUE INDEX one_top_up_per_payment_key ON top_ups (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox';
    CREATE INDEX top_ups_by_gateway_id ON top_ups (gateway_payment_id) WHERE gateway_payment_id IS NOT NULL;
    -- Amount and owner stay as they were written.
    GRANT UPDATE (status, gateway_payment_id, balance_after, reason, undone_at) ON top_ups TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    REVOKE UPDATE (status, gateway_payment_id, balance_after, reason, undone_at) ON top_ups FROM holdfast_app;
    DELETE FROM top_ups WHERE status <> 'SUCCEEDED';
    DROP INDEX one_top_up_per_payment_key, top_ups_by_gateway_id;
    ALTER TABLE top_ups
      DROP COLUMN status, DROP COLUMN gateway, DROP COLUMN payment_key, DROP COLUMN reason, DROP COLUMN undone_at,
      ALTER COLUMN gateway_payment_id SET NOT NULL, ALTER COLUMN balance_after SET NOT NULL;
    DROP INDEX one_payment_per_payment_key, payments_by_gateway_id, payments_to_give_back;
    ALTER TABLE payments DROP COLUMN gateway, DROP COLUMN payment_key;
  `);
}
