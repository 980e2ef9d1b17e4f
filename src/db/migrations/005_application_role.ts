import type { Knex } from 'knex';

/**
 * The role of the API and the worker (`SET ROLE` on every connection). It cannot change the schema. It has no UPDATE or
 * DELETE on journals and entries, so ledger records are permanent.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$ BEGIN
      -- Roles belong to the cluster, not to the database: another database may have made it already.
      CREATE ROLE holdfast_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    GRANT holdfast_app TO CURRENT_USER;
    GRANT USAGE ON SCHEMA public TO holdfast_app;
    GRANT SELECT, INSERT, UPDATE ON
      users, refresh_families, refresh_tokens, signing_keys,
      venues, concerts, schedules, grades, seats,
      reservations, allocations, payments, tickets, outbox, idempotency_keys, wallets
      TO holdfast_app;
    GRANT DELETE ON refresh_families, refresh_tokens, signing_keys, outbox, idempotency_keys TO holdfast_app;
    GRANT SELECT, INSERT ON journals, entries, top_ups TO holdfast_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP OWNED BY holdfast_app');
}
