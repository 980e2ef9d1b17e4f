import type { Knex } from 'knex';

/**
 * The clock that decides whether a hold may still be granted and whether it is over. It is the clock of Postgres. The
 * clocks of the API, the worker and Temporal only trigger checks. It is a function, so that tests with skipped time can
 * move it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION service_now()');
}
