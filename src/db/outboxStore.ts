import type { Knex } from 'knex';

/** Nobody wants to hear of a ticket a month after it was bought, and nothing delivers the rows yet. */
const KEPT_DAYS = 30;

export function createOutboxStore(db: Knex) {
  return {
    /**
     * Removes up to `limit` notifications that are older than 30 days, delivered or not.
     *
     * @returns how many there were
     */
    async removeOld(limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `DELETE FROM outbox WHERE id IN
           (SELECT id FROM outbox WHERE created_at < now() - make_interval(days => :days)
             ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)`,
        { days: KEPT_DAYS, limit },
      );
      return rowCount;
    },
  };
}
