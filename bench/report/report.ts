import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../src/config/repository';
import type { Bench } from '../bench';
import { sumOf, type Cpu } from '../processes/meter';
import type { Measurement, Row } from '../row';
import type { Rounds } from '../run';
import { machine, versions } from './machine';
import { latencyOf, spreadOf, type Latency, type Spread } from './statistics';

export interface RowReport {
  subject: string;
  figure: string;
  unit: Row['unit'];
  reference: string;
  target: Row['target'];
  /** The spread over the rounds. */
  ours: Spread;
  theirs: Spread;
  /** Ours divided by theirs, round by round. */
  ratio: Spread;
  /** Null if there is no target. */
  reached: boolean | null;
  /** Milliseconds of one operation, by process; the medians of the rounds. */
  cpuMs: { ours: Cpu; reference: Cpu };
  /**
   * The processor time of the reference divided by ours: the ratio on a machine whose only limit is its processors.
   */
  cpuRatio: number | null;
  /** In an open model, for all rounds together. */
  latencies: Record<string, Latency>;
  /** Details of the last round. */
  details: Record<string, number | string>;
  /** Promises that were not kept. */
  broken: string[];
}

export interface Report {
  at: string;
  machine: Record<string, string | number>;
  versions: Record<string, string>;
  rounds: number;
  rows: RowReport[];
  /** The broken invariants that the audit found. */
  faults: string[];
}

export async function reportOf({ scale, site }: Bench, { rows, faults }: Rounds): Promise<Report> {
  return {
    at: new Date().toISOString(),
    machine: machine(),
    versions: await versions(site),
    rounds: scale.rounds,
    rows: rows.map(({ row, measurements }) => rowReport(row, measurements)),
    faults,
  };
}

/** @returns the path of the file */
export function writeReport(report: Report): string {
  const folder = path.join(repositoryRoot(), '.data-bench');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'report.json');
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

function rowReport(row: Row, measurements: readonly Measurement[]): RowReport {
  const { subject, figure, unit, reference, target } = row;
  const ratio = spreadOf(measurements.map((measured) => measured.ours / measured.reference));
  const broken = measurements.flatMap((measured) => measured.broken ?? []);
  const cpuMs = {
    ours: mediansOf(measurements.map((measured) => measured.cpuMs.ours)),
    reference: mediansOf(measurements.map((measured) => measured.cpuMs.reference)),
  };
  const names = new Set(measurements.flatMap(({ latencies = {} }) => Object.keys(latencies)));
  return {
    subject,
    figure,
    unit,
    reference,
    target,
    ours: spreadOf(measurements.map((measured) => measured.ours)),
    theirs: spreadOf(measurements.map((measured) => measured.reference)),
    ratio,
    reached: target && isReached(target, ratio.median) && broken.length === 0,
    cpuMs,
    cpuRatio: sumOf(cpuMs.ours) > 0 ? sumOf(cpuMs.reference) / sumOf(cpuMs.ours) : null,
    latencies: Object.fromEntries(
      [...names].map((name) => [
        name,
        latencyOf(measurements.flatMap(({ latencies }) => latencies?.[name] ?? [])),
      ]),
    ),
    details: measurements.at(-1)?.details ?? {},
    broken,
  };
}

function isReached(target: NonNullable<Row['target']>, ratio: number): boolean {
  return 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
}

function mediansOf(rounds: readonly Cpu[]): Cpu {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, spreadOf(rounds.map((round) => round[name] ?? Number.NaN)).median]),
  );
}
