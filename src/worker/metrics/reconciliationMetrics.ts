import type { Registry } from 'prom-client';
import type { ReconciliationOverview } from '../../db/reconciliation/reconciliationOverview';
import { registerGauges, type GaugeOf } from '../../metrics/gauges';

const GAUGES: readonly GaugeOf<ReconciliationOverview>[] = [
  {
    name: 'holdfast_money_explained_ratio',
    help: 'Share of the compared money that gateways, ledger and reservations agree on, by their last runs',
    samples: ({ explained }) => (explained === null ? [] : [{ value: explained }]),
  },
  {
    name: 'holdfast_oldest_unexplained_seconds',
    help: 'Age of the oldest money that the books do not agree on; 0 if they agree',
    samples: ({ oldestUnexplainedSeconds }) => [{ value: oldestUnexplainedSeconds }],
  },
  {
    name: 'holdfast_differences',
    help: 'Differences between the books, by kind and status',
    labelNames: ['kind', 'status'],
    samples: ({ counts }) =>
      counts.map(({ kind, status, count }) => ({ labels: { kind, status }, value: count })),
  },
  {
    name: 'holdfast_reconciliation_last_run_timestamp_seconds',
    help: 'When the last reconciliation with each gateway finished, seconds since 1970',
    labelNames: ['gateway'],
    samples: ({ gateways }) =>
      gateways.flatMap(({ gateway, lastRun }) =>
        lastRun?.finishedAt ? [{ labels: { gateway }, value: lastRun.finishedAt.getTime() / 1000 }] : [],
      ),
  },
];

/** Registers the gauges that show how far the books agree. @param read from Postgres */
export function registerReconciliationMetrics(
  registry: Registry,
  read: () => Promise<ReconciliationOverview>,
): void {
  registerGauges(registry, GAUGES, read);
}
