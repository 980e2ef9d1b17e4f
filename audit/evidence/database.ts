import { Client } from 'pg';
import { z } from 'zod';
import { reach } from './reach';

/** One snapshot of the service's database. The audit reads it with its own statements. */
export interface Snapshot {
  /** @param values of `$1`, `$2`, ... */
  read<Schema extends z.ZodType>(
    statement: string,
    row: Schema,
    values?: readonly unknown[],
  ): Promise<z.infer<Schema>[]>;
}

/** @param url of any login that may read the tables of the service */
export async function withSnapshot<Result>(
  url: string,
  look: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url, application_name: 'holdfast-audit' });
  await reach('Postgres', async () => client.connect());
  try {
    await client.query('SET ROLE holdfast_app');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await look({
      async read(statement, row, values = []) {
        const { rows } = await client.query<Record<string, unknown>>(statement, [...values]);
        return rows.map((read) => row.parse(read));
      },
    });
  } finally {
    await client.end();
  }
}

const faultSchema = z.object({ what: z.string() });

/** Runs a statement whose rows are faults, in a column `what`. */
export async function faultsOf(snapshot: Snapshot, statement: string): Promise<string[]> {
  return (await snapshot.read(statement, faultSchema)).map(({ what }) => what);
}
