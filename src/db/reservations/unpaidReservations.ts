import type { Knex } from 'knex';

/**
 * Removes up to `limit` reservations that ended at least 90 days ago without a sale and without any attempt to pay, and
 * their seats' rows. The rule is in migration 025: the application cannot remove others.
 *
 * @returns how many there were
 */
export async function removeUnpaidReservations(db: Knex, limit: number): Promise<number> {
  const { rows } = await db.raw<{ rows: { removed: number }[] }>(
    'SELECT remove_unpaid_reservations(:limit) AS removed',
    { limit },
  );
  return rows[0]?.removed ?? 0;
}
