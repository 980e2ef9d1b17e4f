import { setCurrentDetails } from '@temporalio/workflow';
import type { HousekeepingSubject } from '../../activities/operations/housekeeping';
import { boundedStep } from '../lib/steps';

/** Rows of one step. The transaction takes milliseconds, and no client waits for it. */
const BATCH = 1_000;

export interface HousekeepingInput {
  /** The Temporal Schedule names them, so that a run under way does not change when a new version adds one. */
  subjects: readonly HousekeepingSubject[];
}

export interface HousekeepingResult {
  status: 'SUCCEEDED';
  /** Rows, by subject. */
  removed: Record<string, number>;
}

/**
 * Removes rows that the service no longer needs, subject by subject. A subject that fails does not stop the others. The
 * run fails then, and the next run handles what is left.
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

/**
 * Stops after a batch that is not full. Rows become old all the time, so waiting for an empty batch could take forever.
 */
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
