import type { Knex } from 'knex';
import { moneyExplained } from '../../domain/reconciliation/reconciliation';
import { createDifferenceStore, type DifferenceSummary } from './differenceStore';
import { createReconciliationRunStore, type RecordedRun } from './reconciliationRunStore';

/** The state of the comparison with one gateway. */
export interface GatewayRuns {
  gateway: string;
  /** The last finished run. */
  lastRun: RecordedRun | null;
  /** A newer run that is under way, or was interrupted. */
  running: RecordedRun | null;
}

/** How far the books agree, by the last finished run of each gateway. */
export interface ReconciliationOverview extends DifferenceSummary {
  gateways: GatewayRuns[];
  /** The share of the money on which all books agree, 0 to 1; null before the first run. */
  explained: number | null;
  /** 0 if everything is explained. */
  oldestUnexplainedSeconds: number;
}

/**
 * Reads everything from Postgres, so that a restart loses nothing.
 *
 * @param gateways the names of the configured gateways
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
