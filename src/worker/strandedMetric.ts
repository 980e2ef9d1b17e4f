import { Counter, type Registry } from 'prom-client';

/** Counts what the sweep has found. It is 0 on a healthy system: an alert may fire on every increase. */
export function createStrandedMetric() {
  const counter = new Counter({
    name: 'holdfast_stranded_reservations_total',
    help: 'Open reservations past their time that no workflow owned, and that the sweep gave a new one',
    registers: [],
  });
  return {
    count: (found: number): void => counter.inc(found),
    register: (registry: Registry): void => registry.registerMetric(counter),
  };
}
