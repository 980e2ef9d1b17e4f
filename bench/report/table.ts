import Table from 'cli-table3';
import { sumOf, type Cpu } from '../processes/meter';
import type { Report, RowReport } from './report';
import type { Spread } from './statistics';

/** The report as text for a person. */
export function describeReport({ machine, versions, rounds, rows, faults }: Report): string {
  const broken = rows.flatMap((row) => row.broken.map((what) => `  ${row.figure}: ${what}`));
  return [
    '',
    Object.entries({ ...machine, ...versions })
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    `Medians of ${rounds} rounds (lowest to highest)`,
    figureTable(rows),
    processorTable(rows),
    latencyTable(rows),
    ...rows.flatMap(detailLines),
    ...(broken.length > 0 ? ['Promises that were not kept:', ...broken] : []),
    faults.length === 0
      ? 'Invariants: the audit found nothing, after every round.'
      : `Invariants BROKEN:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  ].join('\n');
}

/** Without colours, because a log would keep their codes, and without lines between the rows. */
const tableOf = (...head: string[]): Table.Table =>
  new Table({
    head,
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
  });

function figureTable(rows: readonly RowReport[]): string {
  const table = tableOf('figure', 'ours', 'against', 'reference', 'ratio', 'target', '');
  for (const { figure, unit, ours, reference, theirs, ratio, target, reached } of rows) {
    table.push([
      figure,
      `${spread(ours)} ${unit}`,
      reference,
      spread(theirs),
      spread(ratio),
      targetInWords(target),
      reached === null ? '' : reached ? 'reached' : 'MISSED',
    ]);
  }
  return table.toString();
}

function targetInWords(target: RowReport['target']): string {
  if (target === null) return '';
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

function processorTable(rows: readonly RowReport[]): string {
  const table = tableOf('processor milliseconds for one', 'sum', 'reference ÷ ours', 'by process');
  for (const { figure, reference, cpuMs, cpuRatio } of rows) {
    if (cpuRatio === null) continue;
    table.push(
      [figure, digits(sumOf(cpuMs.ours)), digits(cpuRatio), shares(cpuMs.ours)],
      [`  ${reference}`, digits(sumOf(cpuMs.reference)), '', shares(cpuMs.reference)],
    );
  }
  return table.toString();
}

function latencyTable(rows: readonly RowReport[]): string {
  const table = tableOf('latency in ms, open model', 'p50', 'p95', 'p99', 'max');
  for (const { figure, latencies } of rows) {
    for (const [operation, { p50, p95, p99, max }] of Object.entries(latencies)) {
      table.push([`${figure}: ${operation}`, p50.toFixed(1), p95.toFixed(1), p99.toFixed(1), max.toFixed(1)]);
    }
  }
  return table.toString();
}

const detailLines = ({ figure, details }: RowReport): string[] =>
  Object.entries(details).map(
    ([name, value]) => `  ${figure}: ${name} ${typeof value === 'number' ? digits(value) : value}`,
  );

function spread({ median, lowest, highest }: Spread): string {
  if (lowest === highest) return digits(median);
  return `${digits(median)} (${digits(lowest)} to ${digits(highest)})`;
}

const shares = (cpu: Cpu): string =>
  Object.entries(cpu)
    .filter(([, ms]) => ms > 0)
    .map(([part, ms]) => `${part} ${digits(ms)}`)
    .join(', ');

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
