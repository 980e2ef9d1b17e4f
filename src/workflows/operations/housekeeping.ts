import { setCurrentDetails } from '@temporalio/workflow';
import type { HousekeepingSubject } from '../../activities/operations/housekeeping';
import { boundedStep } from '../lib/steps';

/** Rows of one step: a transaction of milliseconds, which nobody waits for. */
const BATCH = 1_000;

export interface HousekeepingInput {
  /** Named by the schedule, so that a run that is under way goes on alike when a version adds one. */
  subjects: readonly HousekeepingSubject[];
}

export interface HousekeepingResult {
  status: 'SUCCEEDED';
  /** Rows, by subject. */
  removed: Record<string, number>;
}

/**
 * Removes what nobody needs any more, subject by subject. One that fails does not keep the others from their
 * turn; the run fails then, and the next one takes up what is left.
 */
export async function housekeeping({ subjects }: HousekeepingInput): Promise<HousekeepingResult> {
  const removed: Record<string, number> = {};
  const failures: unknown[] = [];
  for (const subject of subjects) {
    try {
      await removeAll(subject, (count) => {
        removed[subject] = count;
        setCurrentDetails(sentenceOf(removed));
      });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { status: 'SUCCEEDED', removed };
}

/** Until a batch is not full: waiting for an empty one could take for ever where rows keep ageing. */
async function removeAll(subject: HousekeepingSubject, report: (removed: number) => void): Promise<void> {
  const removeBatch = boundedStep(`Remove old ${subject}`, (activities) => activities.removeOld);
  let removed = 0;
  let batch: number;
  do {
    batch = await removeBatch(subject, BATCH);
    removed += batch;
    report(removed);
  } while (batch === BATCH);
}

function sentenceOf(removed: Record<string, number>): string {
  const counts = Object.entries(removed).map(([subject, count]) => `${count} ${subject}`);
  return `Removed ${counts.join(', ')}.`;
}
