import { Registry } from 'prom-client';
import type { ReconciliationOverview } from '../../../src/db/reconciliation/reconciliationOverview';
import { registerReconciliationMetrics } from '../../../src/worker/metrics/reconciliationMetrics';

const finishedAt = new Date('2026-05-01T10:00:02Z');

const overview: ReconciliationOverview = {
  gateways: [
    {
      gateway: 'sandbox',
      lastRun: {
        runId: 'run',
        gateway: 'sandbox',
        depth: 'RECENT',
        windowFrom: new Date('2026-04-28T10:00:00Z'),
        startedAt: new Date('2026-05-01T10:00:00Z'),
        finishedAt,
        lines: 4,
        attempts: 4,
        money: 400,
      },
      running: null,
    },
    { gateway: 'toss', lastRun: null, running: null },
  ],
  explained: 0.75,
  unexplained: 100,
  oldestUnexplained: new Date('2026-05-01T09:00:00Z'),
  oldestUnexplainedSeconds: 3_600,
  counts: [{ kind: 'unknown-charge', status: 'OPEN', count: 1, amount: 100 }],
};

/** The lines that are no comments. */
async function scrape(read: () => Promise<ReconciliationOverview>): Promise<string[]> {
  const registry = new Registry();
  registerReconciliationMetrics(registry, read);
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the metrics of reconciliation', () => {
  it('show what Postgres says at that moment, with one query', async () => {
    const read = jest.fn().mockResolvedValue(overview);

    expect(await scrape(read)).toEqual([
      'holdfast_money_explained_ratio 0.75',
      'holdfast_oldest_unexplained_seconds 3600',
      'holdfast_differences{kind="unknown-charge",status="OPEN"} 1',
      `holdfast_reconciliation_last_run_timestamp_seconds{gateway="sandbox"} ${finishedAt.getTime() / 1000}`,
    ]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('show no share and no run before the first run', async () => {
    const before = { ...overview, gateways: [], explained: null, counts: [], oldestUnexplainedSeconds: 0 };

    expect(await scrape(async () => Promise.resolve(before))).toEqual([
      'holdfast_oldest_unexplained_seconds 0',
    ]);
  });

  it('are missing, not wrong, while Postgres does not answer', async () => {
    expect(await scrape(async () => Promise.reject(new Error('no answer')))).toEqual([]);
  });
});
