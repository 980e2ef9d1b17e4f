import { Counter, type Registry } from 'prom-client';

/**
 * Counts steps that cannot succeed until their cause is fixed. 0 on a healthy system: an alert may fire on every
 * increase.
 */
export function createPermanentFailureMetric() {
  const counter = new Counter({
    name: 'holdfast_permanent_failures_total',
    help: 'Steps that cannot succeed until an operator fixes their cause, by activity',
    labelNames: ['activity'] as const,
    registers: [],
  });
  return {
    count: (activity: string): void => counter.inc({ activity }),
    register: (registry: Registry): void => registry.registerMetric(counter),
  };
}
