import type { Knex } from 'knex';

/**
 * The API writes a payment or a top-up before it asks a workflow to make it. So a workflow gets only ids, and Postgres
 * has the permitted amount.
 *
 * REQUESTED: no step has begun. WITHDRAWN: no step has begun and none will. A repeated request makes it REQUESTED
 * again.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE payments DROP CONSTRAINT payments_status_check;
    ALTER TABLE payments
      ADD CHECK (status IN ('REQUESTED', 'WITHDRAWN', 'PENDING', 'SETTLING', 'SUCCEEDED', 'FAILED', 'REFUNDED',
                            'PARTIALLY_REFUNDED')),
      ALTER COLUMN gateway SET NOT NULL;
    DROP INDEX one_payment_per_payment_key;
    CREATE UNIQUE INDEX one_payment_per_payment_key ON payments (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox' AND status <> 'WITHDRAWN';
    -- There are hardly ever any: a workflow begins a payment within milliseconds.
    CREATE INDEX requested_payments ON payments (created_at) WHERE status = 'REQUESTED';

    ALTER TABLE top_ups DROP CONSTRAINT top_ups_status_check;
    ALTER TABLE top_ups
      ADD CHECK (status IN ('REQUESTED', 'WITHDRAWN', 'PENDING', 'SUCCEEDED', 'FAILED'));
    DROP INDEX one_top_up_per_payment_key;
    CREATE UNIQUE INDEX one_top_up_per_payment_key ON top_ups (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox' AND status <> 'WITHDRAWN';
    CREATE INDEX requested_top_ups ON top_ups (created_at) WHERE status = 'REQUESTED';
    GRANT UPDATE (created_at) ON top_ups TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    REVOKE UPDATE (created_at) ON top_ups FROM holdfast_app;
    DELETE FROM top_ups WHERE status IN ('REQUESTED', 'WITHDRAWN');
    DELETE FROM payments WHERE status IN ('REQUESTED', 'WITHDRAWN');
    DROP INDEX requested_payments, requested_top_ups, one_payment_per_payment_key, one_top_up_per_payment_key;
    ALTER TABLE payments DROP CONSTRAINT payments_status_check;
    ALTER TABLE payments
      ADD CHECK (status IN ('PENDING', 'SETTLING', 'SUCCEEDED', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED')),
      ALTER COLUMN gateway DROP NOT NULL;
    ALTER TABLE top_ups DROP CONSTRAINT top_ups_status_check;
    ALTER TABLE top_ups ADD CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED'));
    CREATE UNIQUE INDEX one_payment_per_payment_key ON payments (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox';
    CREATE UNIQUE INDEX one_top_up_per_payment_key ON top_ups (gateway, payment_key)
      WHERE payment_key IS NOT NULL AND gateway <> 'sandbox';
  `);
}
