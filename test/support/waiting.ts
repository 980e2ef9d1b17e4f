import type { Knex } from 'knex';
import { eventually } from './eventually';

/** How many locks statements of this database wait for, because another transaction has them. */
export async function locksWaitedFor(owner: Knex): Promise<number> {
  const { rows } = await owner.raw<{ rows: unknown[] }>(
    `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database()`,
  );
  return rows.length;
}

/** The same for advisory locks only, such as those of a sale and of a reservation. */
export async function advisoryLocksWaitedFor(owner: Knex): Promise<number> {
  const { rows } = await owner.raw<{ rows: unknown[] }>(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.length;
}

/** Resolves when a statement waits for a row that another transaction writes. */
export async function untilAStatementWaits(owner: Knex): Promise<void> {
  await eventually(async () => expect(await locksWaitedFor(owner)).toBe(1));
}
