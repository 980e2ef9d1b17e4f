import type { Bench } from './bench';
import type { Shape } from './ceiling/protocol';
import type { Cpu, Rate } from './processes/meter';

/** One figure of the report, and the reference to compare it with. */
export interface Row {
  /** The subject, for `--only`. */
  subject: string;
  figure: string;
  unit: 'a second' | 'ms' | 's' | 'CPU ms' | 'MB';
  /** What the figure is compared with, in the same round. */
  reference: string;
  /** The target for the figure divided by its reference. Null if the comparison only informs. */
  target: { atLeast: number } | { atMost: number } | null;
  /** The row takes so long that it runs only with `--long`. */
  long?: true;
  /** Prepares the row, outside of the measurement. */
  prepare(bench: Bench): Promise<RunRow>;
}

export type RunRow = (round: Round) => Promise<Measurement>;

export interface Round {
  /** Starts at 1. */
  number: number;
  /** Reservations a second of Temporal without Holdfast. Measured once in a round for each shape. */
  ceiling(shape: Shape): Promise<Rate>;
}

export interface Measurement {
  ours: number;
  reference: number;
  /** Milliseconds of one operation, by process. */
  cpuMs: { ours: Cpu; reference: Cpu };
  /** Milliseconds of single operations, in an open model. */
  latencies?: Record<string, number[]>;
  /** Further useful figures. */
  details?: Record<string, number | string>;
  /** Promises that were not kept, as text. The row then misses its target, whatever the ratio is. */
  broken?: string[];
}
