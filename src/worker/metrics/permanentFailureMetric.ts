import { Counter, type Registry } from 'prom-client';

/** Counts steps that can never succeed as things are. 0 on a healthy system: an alert may fire on every increase. */
export function createPermanentFailureMetric() {
  const counter = new Counter({
    name: 'holdfast_permanent_failures_total',
    help: 'Steps that can never succeed until an operator mends their cause, by activity',
    labelNames: ['activity'] as const,
    registers: [],
  });
  return {
    count: (activity: string): void => counter.inc({ activity }),
    register: (registry: Registry): void => registry.registerMetric(counter),
  };
}
