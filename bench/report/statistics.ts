import { build } from 'hdr-histogram-js';

/** The median of a few rounds, with the lowest and the highest value. */
export interface Spread {
  median: number;
  lowest: number;
  highest: number;
}

/** Milliseconds. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** @param values one for each round; the number of values is odd */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(sorted.length >> 1), lowest: at(0), highest: at(sorted.length - 1) };
}

/** @param milliseconds of single calls, from all rounds */
export function latencyOf(milliseconds: readonly number[]): Latency {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  const MICROSECONDS = 1_000;
  for (const value of milliseconds) histogram.recordValue(Math.round(value * MICROSECONDS));
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return { p50: at(50), p95: at(95), p99: at(99), max: histogram.maxValue / MICROSECONDS };
}
