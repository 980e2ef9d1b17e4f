import type { Knex } from 'knex';
import { moneyExplained } from '../../domain/reconciliation/reconciliation';
import { createDifferenceStore, type DifferenceSummary } from './differenceStore';
import { createReconciliationRunStore, type RecordedRun } from './reconciliationRunStore';

/** How the comparison with one gateway stands. */
export interface GatewayRuns {
  gateway: string;
  /** The last one that is finished. */
  lastRun: RecordedRun | null;
  /** A newer run, which is under way or was interrupted. */
  running: RecordedRun | null;
}

/** How far the books agree, by the last run of each gateway that is finished. */
export interface ReconciliationOverview extends DifferenceSummary {
  gateways: GatewayRuns[];
  /** The share of the money that all books agree on, 0 to 1; null before the first run. */
  explained: number | null;
  /** 0 where everything is explained. */
  oldestUnexplainedSeconds: number;
}

/**
 * Everything from Postgres, so that no restart forgets it.
 *
 * @param gateways the names of those that are configured
 */
export async function readReconciliation(
  db: Knex,
  gateways: readonly string[],
): Promise<ReconciliationOverview> {
  const [runs, summary] = await Promise.all([
    Promise.all(gateways.map(async (gateway) => runsOf(db, gateway))),
    createDifferenceStore(db).summary(),
  ]);
  const { oldestUnexplained } = summary;
  const finished = runs.flatMap(({ lastRun }) => lastRun ?? []);
  const compared = finished.reduce((sum, { money }) => sum + money, 0);
  return {
    ...summary,
    gateways: runs,
    explained: finished.length > 0 ? moneyExplained(compared, summary.unexplained) : null,
    oldestUnexplainedSeconds: oldestUnexplained ? secondsSince(oldestUnexplained) : 0,
  };
}

async function runsOf(db: Knex, gateway: string): Promise<GatewayRuns> {
  const { newest, finished } = await createReconciliationRunStore(db).latest(gateway);
  return { gateway, lastRun: finished, running: newest === finished ? null : newest };
}

/** @returns whole seconds */
function secondsSince(instant: Date): number {
  return Math.max(0, Math.round((Date.now() - instant.getTime()) / 1000));
}
