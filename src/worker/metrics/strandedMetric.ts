import { Counter, type Registry } from 'prom-client';
import type { StrandedKind } from '../../activities/dependencies';

/**
 * Counts the rows that the sweep found without a workflow. It is 0 on a healthy system: an alert may fire on every
 * increase.
 */
export function createStrandedMetric() {
  const counter = new Counter({
    name: 'holdfast_stranded_total',
    help: 'Open rows past their time that had no workflow until the sweep started one, by kind',
    labelNames: ['kind'] as const,
    registers: [],
  });
  return {
    count: (found: number, kind: StrandedKind): void => counter.inc({ kind }, found),
    register: (registry: Registry): void => registry.registerMetric(counter),
  };
}
