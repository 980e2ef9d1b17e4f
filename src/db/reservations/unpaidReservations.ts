import type { Knex } from 'knex';

/**
 * Removes up to `limit` reservations that ended at least 90 days ago without a sale and without any attempt to pay, and
 * the rows of their seats. Migration 025 has the rule: the application cannot remove other reservations.
 *
 * @returns the number of removed reservations
 */
export async function removeUnpaidReservations(db: Knex, limit: number): Promise<number> {
  const { rows } = await db.raw<{ rows: { removed: number }[] }>(
    'SELECT remove_unpaid_reservations(:limit) AS removed',
    { limit },
  );
  return rows[0]?.removed ?? 0;
}
