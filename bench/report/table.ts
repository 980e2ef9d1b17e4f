import Table from 'cli-table3';
import type { Cpu } from '../processes/meter';
import type { Report, RowReport } from './report';
import type { Spread } from './statistics';

/** What a person reads. */
export function describeReport({ machine, versions, rounds, rows, faults }: Report): string {
  const figures = new Table({
    head: ['figure', 'ours', 'against', 'reference', 'ratio', 'target', ''],
    ...PLAIN,
  });
  for (const row of rows) {
    const { figure, unit, ours, reference, theirs, ratio, target, reached } = row;
    figures.push([
      figure,
      `${spread(ours)} ${unit}`,
      reference,
      spread(theirs),
      spread(ratio),
      'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`,
      reached ? 'reached' : 'MISSED',
    ]);
  }
  const processor = new Table({ head: ['processor milliseconds for one', 'sum', 'by process'], ...PLAIN });
  for (const row of rows)
    processor.push(cpuLine(row.figure, row.cpuMs.ours), cpuLine(`  ${row.reference}`, row.cpuMs.reference));
  const latency = new Table({ head: ['latency in ms, open model', 'p50', 'p95', 'p99', 'max'], ...PLAIN });
  for (const row of rows) latency.push(...latencyLines(row));
  const details = rows.flatMap((row) =>
    Object.entries(row.details).map(
      ([name, value]) => `  ${row.figure}: ${name} ${typeof value === 'number' ? digits(value) : value}`,
    ),
  );
  const broken = rows.flatMap((row) => row.broken.map((what) => `  ${row.figure}: ${what}`));
  return [
    '',
    Object.entries({ ...machine, ...versions })
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    `Medians of ${rounds} rounds (lowest to highest)`,
    figures.toString(),
    processor.toString(),
    latency.toString(),
    ...details,
    ...(broken.length > 0 ? ['Promises that were not kept:', ...broken] : []),
    faults.length === 0
      ? 'Invariants: the audit found nothing, after every round.'
      : `Invariants BROKEN:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  ].join('\n');
}

/** No colours, which a log would keep, and no line between rows. */
const PLAIN = {
  style: { head: [], border: [] },
  chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
};

function spread({ median, lowest, highest }: Spread): string {
  if (lowest === highest) return digits(median);
  return `${digits(median)} (${digits(lowest)} to ${digits(highest)})`;
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function cpuLine(name: string, cpu: Cpu): string[] {
  const parts = Object.entries(cpu).filter(([, ms]) => ms > 0);
  const sum = parts.reduce((total, [, ms]) => total + ms, 0);
  return [name, sum.toPrecision(3), parts.map(([part, ms]) => `${part} ${ms.toPrecision(2)}`).join(', ')];
}

function latencyLines({ figure, latencies }: RowReport): string[][] {
  return Object.entries(latencies).map(([operation, latency]) => [
    `${figure}: ${operation}`,
    latency.p50.toFixed(1),
    latency.p95.toFixed(1),
    latency.p99.toFixed(1),
    latency.max.toFixed(1),
  ]);
}
