import type { Knex } from 'knex';
import { eventually } from '../support/eventually';

/** Rows that a test holds, so that a step of the service stops right before it. */
export interface RowLock {
  /** Waits until somebody waits for these rows. */
  blocks(): Promise<void>;
  /** Lets whoever waits go on. Once only: later calls do nothing. */
  release(): Promise<void>;
}

/** @param select such as `SELECT FROM seats WHERE id = ? FOR UPDATE` */
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
        if (waiting.rows.length === 0) throw new Error('nobody waits for the locked rows');
      });
    },
    async release() {
      if (!transaction.isCompleted()) await transaction.rollback();
    },
  };
}
