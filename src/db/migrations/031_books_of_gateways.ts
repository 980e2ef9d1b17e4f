import type { Knex } from 'knex';

/** Separate runs compare the book of each gateway. A run resolves only differences that it would have seen. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: no gateway is concerned, or none is known. Every run sees these.
    ALTER TABLE differences ADD COLUMN gateway text;
    GRANT UPDATE (gateway) ON differences TO holdfast_app;
    CREATE INDEX reconciliation_runs_of_gateway ON reconciliation_runs (gateway, started_at DESC);
    DROP INDEX reconciliation_runs_by_start;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX reconciliation_runs_by_start ON reconciliation_runs (started_at DESC);
    DROP INDEX reconciliation_runs_of_gateway;
    ALTER TABLE differences DROP COLUMN gateway;
  `);
}
