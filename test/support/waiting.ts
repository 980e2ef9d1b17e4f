import type { Knex } from 'knex';
import { eventually } from './eventually';

/** Resolves when a statement waits for a row that another transaction writes. */
export async function untilAStatementWaits(owner: Knex): Promise<void> {
  await eventually(async () => {
    const { rows } = await owner.raw<{ rows: unknown[] }>(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE NOT granted AND datname = current_database()`,
    );
    expect(rows).toHaveLength(1);
  });
}
