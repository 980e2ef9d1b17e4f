import { Gauge, type Registry } from 'prom-client';
import type { ReconciliationOverview } from '../db/reconciliationOverview';

interface Metric {
  name: string;
  help: string;
  labelNames?: string[];
  /** What it shows; nothing where there is nothing to say. */
  samples: (overview: ReconciliationOverview) => { labels?: Record<string, string>; value: number }[];
}

const METRICS: readonly Metric[] = [
  {
    name: 'holdfast_money_explained_ratio',
    help: 'Share of the compared money that gateway, ledger and reservations agree on, by the last run',
    samples: ({ explained }) => (explained === null ? [] : [{ value: explained }]),
  },
  {
    name: 'holdfast_oldest_unexplained_seconds',
    help: 'Age of the oldest money that the books do not agree on; 0 where they agree',
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
    help: 'When the last reconciliation finished, seconds since 1970',
    samples: ({ lastRun }) => (lastRun?.finishedAt ? [{ value: lastRun.finishedAt.getTime() / 1000 }] : []),
  },
];

/**
 * How far the books agree, read when Prometheus asks. Where it cannot be read, these are missing from the answer,
 * and nothing else is.
 *
 * @param read from Postgres; asked once for each answer
 */
export function registerReconciliationMetrics(
  registry: Registry,
  read: () => Promise<ReconciliationOverview>,
): void {
  const overview = shared(async () => read().catch(() => null));
  for (const { name, help, labelNames = [], samples } of METRICS) {
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      async collect() {
        const seen = await overview();
        this.reset();
        // A gauge without labels would show 0 for what is not known.
        if (labelNames.length === 0) this.remove();
        for (const { labels = {}, value } of seen ? samples(seen) : []) this.set(labels, value);
      },
    });
    registry.registerMetric(gauge);
  }
}

/** Callers at the same time get one answer. */
function shared<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | null = null;
  return async () => (underWay ??= ask().finally(() => (underWay = null)));
}
