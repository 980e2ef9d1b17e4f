import { Counter, type Registry } from 'prom-client';
import type { StrandedKind } from '../../activities/dependencies';

/** Counts what the sweep has found. It is 0 on a healthy system: an alert may fire on every increase. */
export function createStrandedMetric() {
  const counter = new Counter({
    name: 'holdfast_stranded_total',
    help: 'Open rows past their time that no workflow owned, and that the sweep gave a new one, by kind',
    labelNames: ['kind'] as const,
    registers: [],
  });
  return {
    count: (found: number, kind: StrandedKind): void => counter.inc({ kind }, found),
    register: (registry: Registry): void => registry.registerMetric(counter),
  };
}
