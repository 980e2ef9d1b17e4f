import type { Knex } from 'knex';
import { eventually } from '../support/eventually';

/** Rows or a table that a test locks, so that a step of the service stops right before them. */
export interface RowLock {
  /** Waits until this many transactions wait for the lock, or one if no number is given. */
  blocks(transactions?: number): Promise<void>;
  /** Lets the waiting transactions continue. Later calls do nothing. */
  release(): Promise<void>;
}

/** @param statement such as `SELECT FROM seats WHERE id = ? FOR UPDATE`, or `LOCK TABLE seats IN SHARE MODE` */
export async function lockRows(
  owner: Knex,
  statement: string,
  bindings: readonly string[] = [],
): Promise<RowLock> {
  const transaction = await owner.transaction();
  const { rows } = await transaction.raw<{ rows: { pid: number }[] }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  await transaction.raw(statement, [...bindings]);
  return {
    async blocks(transactions = 1) {
      await eventually(async () => {
        const waiting = await owner.raw<{ rows: unknown[] }>(
          'SELECT FROM pg_locks WHERE NOT granted AND ? = ANY(pg_blocking_pids(pid))',
          [pid],
        );
        const number = waiting.rows.length;
        if (number < transactions)
          throw new Error(`${number} of ${transactions} transactions wait for the lock`);
      });
    },
    async release() {
      if (!transaction.isCompleted()) await transaction.rollback();
    },
  };
}
