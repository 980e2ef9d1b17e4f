import type { Knex } from 'knex';
import { eventually } from '../support/eventually';

/** Rows that a test locks, so that a step of the service stops right before them. */
export interface RowLock {
  /** Waits until a transaction waits for these rows. */
  blocks(): Promise<void>;
  /** Lets the waiting transactions continue. Later calls do nothing. */
  release(): Promise<void>;
}

/** @param select a statement such as `SELECT FROM seats WHERE id = ? FOR UPDATE` */
export async function lockRows(owner: Knex, select: string, bindings: readonly string[]): Promise<RowLock> {
  const transaction = await owner.transaction();
  const { rows } = await transaction.raw<{ rows: { pid: number }[] }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  await transaction.raw(select, [...bindings]);
  return {
    async blocks() {
      await eventually(async () => {
        const waiting = await owner.raw<{ rows: unknown[] }>(
          'SELECT FROM pg_locks WHERE NOT granted AND ? = ANY(pg_blocking_pids(pid))',
          [pid],
        );
        if (waiting.rows.length === 0) throw new Error('no transaction waits for the locked rows');
      });
    },
    async release() {
      if (!transaction.isCompleted()) await transaction.rollback();
    },
  };
}
