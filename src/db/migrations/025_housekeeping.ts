import type { Knex } from 'knex';

/** Housekeeping also removes notifications, and reservations without any attempt to pay. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX outbox_age ON outbox (created_at);
    CREATE INDEX ended_without_a_sale ON reservations (ended_at) WHERE status IN ('EXPIRED', 'RELEASED');

    -- The application may not delete reservations and allocations, except by this rule: ended for 90 days without a sale,
    -- and without any attempt to pay. Returns how many reservations there were, at most "most".
    CREATE FUNCTION remove_unpaid_reservations(most int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      WITH old AS MATERIALIZED (
        SELECT id FROM reservations
         WHERE status IN ('EXPIRED', 'RELEASED') AND ended_at < now() - interval '90 days'
           AND NOT EXISTS (SELECT FROM payments WHERE reservation_id = reservations.id)
         ORDER BY ended_at LIMIT most FOR UPDATE SKIP LOCKED
      ), freed AS (
        DELETE FROM allocations WHERE reservation_id IN (SELECT id FROM old)
      ), removed AS (
        DELETE FROM reservations WHERE id IN (SELECT id FROM old) RETURNING id
      )
      SELECT count(*) FROM removed
    $$;
    REVOKE EXECUTE ON FUNCTION remove_unpaid_reservations FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION remove_unpaid_reservations TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION remove_unpaid_reservations;
    DROP INDEX ended_without_a_sale, outbox_age;
  `);
}
