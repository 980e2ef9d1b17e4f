import type { Bench } from './bench';
import type { Cpu, Rate } from './processes/meter';

/** One figure of the report, measured beside what it is held against. */
export interface Row {
  /** The subject, for `--only`. */
  subject: string;
  figure: string;
  unit: 'a second' | 'ms' | 's' | 'CPU ms' | 'MB';
  /** What it is measured against, in the same round. */
  reference: string;
  /** Of the figure divided by its reference. */
  target: { atLeast: number } | { atMost: number };
  /** It takes so long that it has to be asked for: `--long`. */
  long?: true;
  /** What it needs, outside of what is measured. */
  prepare(bench: Bench): Promise<RunRow>;
}

export type RunRow = (round: Round) => Promise<Measurement>;

export interface Round {
  /** From 1. */
  number: number;
  /** Reservations a second of Temporal alone: measured once in a round, for whoever asks. */
  ceiling(): Promise<Rate>;
}

export interface Measurement {
  ours: number;
  reference: number;
  /** Milliseconds of one operation by process. */
  cpuMs: { ours: Cpu; reference: Cpu };
  /** Milliseconds of single operations, in an open model. */
  latencies?: Record<string, number[]>;
  /** Further figures worth telling. */
  details?: Record<string, number | string>;
  /** Promises that were not kept, in words. The row has then missed its target, whatever the ratio. */
  broken?: string[];
}
