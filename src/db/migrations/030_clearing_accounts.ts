import type { Knex } from 'knex';

/**
 * Each gateway has its own clearing account, such as gateway:clearing:toss (negative: the amount that this gateway owes
 * the house). Existing entries move to the account of the gateway of their payment or top-up.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE entries SET account = 'gateway:clearing:' || attempts.gateway
    FROM journals,
         (SELECT id, gateway FROM payments UNION ALL SELECT id, gateway FROM top_ups) AS attempts
    WHERE entries.account = 'gateway:clearing' AND journals.id = journal_id AND attempts.id = payment_id;

    -- What a gateway has not finished; there is hardly ever any.
    DROP INDEX payments_to_give_back;
    CREATE INDEX unfinished_payments ON payments (gateway)
      WHERE card > 0 AND (status IN ('PENDING', 'SETTLING') OR (status = 'FAILED' AND undone_at IS NULL));
    CREATE INDEX unfinished_top_ups ON top_ups (gateway)
      WHERE status = 'PENDING' OR (status = 'FAILED' AND undone_at IS NULL);

    -- A top-up that was withdrawn is requested again with the gateway that takes new payments then.
    GRANT UPDATE (gateway) ON top_ups TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    REVOKE UPDATE (gateway) ON top_ups FROM holdfast_app;
    DROP INDEX unfinished_top_ups, unfinished_payments;
    CREATE INDEX payments_to_give_back ON payments (created_at) WHERE status = 'FAILED' AND undone_at IS NULL;
    UPDATE entries SET account = 'gateway:clearing' WHERE account LIKE 'gateway:clearing:%';
  `);
}
