import Table from 'cli-table3';
import type { Knex } from 'knex';

/** What happened in a run, for its table. */
export interface Figures {
  minutes: number;
  seed: number;
  faults: readonly string[];
  floods: readonly string[];
  findings: number;
}

/** The figures of a run as a table. Postgres counts what the buyers did. */
export async function describeRun(db: Knex, run: Figures): Promise<string> {
  const count = async (table: string, column: string): Promise<string> => {
    const rows = await db(table).select<Record<string, string>[]>(column);
    return tally(rows.map((row) => row[column] ?? ''));
  };
  const { minutes, seed, faults, floods, findings } = run;
  // Without colours, because a log would keep their codes, and without lines between the rows.
  const table = new Table({
    style: { head: [], border: [] },
    colWidths: [30, 90],
    wordWrap: true,
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
  });
  table.push(
    { minutes: minutes.toFixed(1) },
    { seed },
    { faults: tally(faults) },
    { floods: tally(floods) },
    { 'holds granted, by their end': await count('reservations', 'status') },
    { payments: await count('payments', 'status') },
    { cancellations: await count('cancellations', 'cause') },
    { 'refunds to cards': await count('refunds', 'status') },
    { 'top-ups': await count('top_ups', 'status') },
    { findings },
  );
  return table.toString();
}

/** For example `31: 20 SUCCEEDED, 11 FAILED`. */
function tally(items: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const parts = [...counts].toSorted(([, a], [, b]) => b - a).map(([item, number]) => `${number} ${item}`);
  return `${items.length}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}
