import type { LedgerReport } from './audit';

/** The audit in a few lines: the number of rows read, the sum of each account, and the result. */
export function tellReport({ read, accounts, faults }: LedgerReport, seconds: number): string {
  const counts = Object.entries(read).map(([subject, count]) => `${grouped(count)} ${subject}`);
  const rows = [
    ['account', 'entries', 'sum', ''],
    ...accounts.map(({ account, entries, sum, currency }) => [
      account,
      grouped(entries),
      grouped(sum),
      currency,
    ]),
  ];
  const verdict =
    faults === 0 ? 'No fault was found' : `${grouped(faults)} ${faults === 1 ? 'fault' : 'faults'}`;
  return [
    `Read ${counts.join(', ')}.`,
    '',
    ...asTable(rows),
    '',
    `${verdict} (${seconds.toFixed(1)} s).`,
    '',
  ].join('\n');
}

/** Aligns the first column to the left, and numbers to the right. */
function asTable(rows: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([name = '', entries = '', sum = '', currency = '']) =>
    [name.padEnd(widths[0] ?? 0), entries.padStart(widths[1] ?? 0), sum.padStart(widths[2] ?? 0), currency]
      .join('  ')
      .trimEnd(),
  );
}

const grouped = (value: number): string => value.toLocaleString('en-US');
