import type { Knex } from 'knex';
import { moneyExplained } from '../domain/reconciliation';
import { createDifferenceStore, type DifferenceSummary } from './differenceStore';
import { createReconciliationRunStore, type RecordedRun } from './reconciliationRunStore';

/** How far the books agree, by the last run that is finished. */
export interface ReconciliationOverview extends DifferenceSummary {
  lastRun: RecordedRun | null;
  /** A newer run, which is under way or was interrupted. */
  running: RecordedRun | null;
  /** The share of the money that all books agree on, 0 to 1; null before the first run. */
  explained: number | null;
  /** 0 where everything is explained. */
  oldestUnexplainedSeconds: number;
}

/** Everything from Postgres, so that no restart forgets it. */
export async function readReconciliation(db: Knex): Promise<ReconciliationOverview> {
  const [{ newest, finished }, summary] = await Promise.all([
    createReconciliationRunStore(db).latest(),
    createDifferenceStore(db).summary(),
  ]);
  const { oldestUnexplained } = summary;
  return {
    ...summary,
    lastRun: finished,
    running: newest === finished ? null : newest,
    explained: finished ? moneyExplained(finished.money, summary.unexplained) : null,
    oldestUnexplainedSeconds: oldestUnexplained ? secondsSince(oldestUnexplained) : 0,
  };
}

/** @returns whole seconds */
function secondsSince(instant: Date): number {
  return Math.max(0, Math.round((Date.now() - instant.getTime()) / 1000));
}
