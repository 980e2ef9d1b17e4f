import type { Knex } from 'knex';

/** A notification about a ticket is useless a month after the purchase. Nothing delivers the rows yet. */
const KEPT_DAYS = 30;

export function createOutboxStore(db: Knex) {
  return {
    /** Writes a notification in the transaction of the change that it reports. */
    async add(kind: string, payload: Readonly<Record<string, unknown>>): Promise<void> {
      await db('outbox')
        .insert({ kind, payload })
        .options({ name: `notify-${kind}` });
    },

    /**
     * Removes up to `limit` notifications that are older than 30 days, delivered or not.
     *
     * @returns the number of removed notifications
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
