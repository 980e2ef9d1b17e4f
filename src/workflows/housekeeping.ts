import { setCurrentDetails } from '@temporalio/workflow';
import { boundedStep } from './steps';

/** Rows of one step: a transaction of milliseconds, which nobody waits for. */
const BATCH = 1_000;

/** Removes up to so many rows; resolves to how many there were. May run twice. */
type RemoveBatch = (limit: number) => Promise<number>;

const SUBJECTS: readonly (readonly [subject: string, removeBatch: RemoveBatch])[] = [
  [
    'idempotency keys',
    boundedStep('Remove old idempotency keys', (activities) => activities.removeIdempotencyKeys),
  ],
  [
    'refresh tokens',
    boundedStep('Remove expired refresh tokens', (activities) => activities.removeRefreshTokens),
  ],
];

/** How many rows one run removed, by subject. */
export type HousekeepingResult = Record<string, number>;

/**
 * Removes what nobody needs any more, subject by subject. One that fails does not keep the others from their
 * turn; the run fails then, and the next one takes up what is left.
 */
export async function housekeeping(): Promise<HousekeepingResult> {
  const removed: HousekeepingResult = {};
  const failures: unknown[] = [];
  for (const [subject, removeBatch] of SUBJECTS) {
    try {
      await removeAll(removeBatch, (count) => {
        removed[subject] = count;
        setCurrentDetails(sentenceOf(removed));
      });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return removed;
}

/** Until a batch is not full: waiting for an empty one could take for ever where rows keep ageing. */
async function removeAll(removeBatch: RemoveBatch, report: (removed: number) => void): Promise<void> {
  let removed = 0;
  let batch: number;
  do {
    batch = await removeBatch(BATCH);
    removed += batch;
    report(removed);
  } while (batch === BATCH);
}

function sentenceOf(removed: HousekeepingResult): string {
  const counts = Object.entries(removed).map(([subject, count]) => `${count} ${subject}`);
  return `Removed ${counts.join(', ')}.`;
}
