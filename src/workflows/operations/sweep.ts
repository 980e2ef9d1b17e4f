import { setCurrentDetails } from '@temporalio/workflow';
import type { SweptPage } from '../../activities/operations/sweep';
import { boundedStep } from '../lib/steps';

const moveToCurrentVersion = boundedStep(
  'Move runs to the current version if their workers are gone',
  (activities) => activities.moveToCurrentVersion,
);
const adoptStranded = boundedStep(
  'Start a new workflow for open reservations without one',
  (activities) => activities.adoptStranded,
);
const adoptCancellations = boundedStep(
  'Start a new workflow for cancellations without one',
  (activities) => activities.adoptCancellations,
);
const adoptShows = boundedStep(
  'Start a new workflow for cancelled shows without one',
  (activities) => activities.adoptShows,
);
const adoptOpenings = boundedStep('Open sales that should be open', (activities) => activities.adoptOpenings);
const withdrawForgotten = boundedStep(
  'Withdraw payments and top-ups that never began',
  (activities) => activities.withdrawForgotten,
);

/** The most pages of runs that one sweep moves, so that its history stays short. */
const MOVED_PAGES = 100;

export interface SweepResult {
  status: 'SUCCEEDED';
  /** Runs of earlier versions, moved to the current one. */
  moved: number;
  /** Reservations past their time without a workflow. This and the next three are 0 on a healthy system. */
  adopted: number;
  cancellations: number;
  shows: number;
  openings: number;
  /** Payments and top-ups. */
  withdrawn: number;
}

/**
 * The safety net: nothing may depend on one workflow being alive. The sweep finds what was left behind, for example
 * after an operator has terminated a workflow. It ends that by the same path as everything else. A part that fails does
 * not stop the others. The run fails then, and the next run handles what is left.
 */
export async function sweep(): Promise<SweepResult> {
  const parts = [
    moveRuns,
    adoptReservations,
    adoptCancellations,
    adoptShows,
    adoptOpenings,
    withdrawForgotten,
  ];
  const counts: number[] = [];
  const failures: unknown[] = [];
  for (const part of parts) {
    counts.push(
      await part().catch((error: unknown) => {
        failures.push(error);
        return 0;
      }),
    );
  }
  if (failures.length > 0) throw failures[0];
  const [moved = 0, adopted = 0, cancellations = 0, shows = 0, openings = 0, withdrawn = 0] = counts;
  setCurrentDetails(
    `Moved ${moved} runs to the current version; ` +
      `adopted ${adopted} reservations, ${cancellations} cancellations, ${shows} shows and ${openings} openings; ` +
      `withdrew ${withdrawn} payments and top-ups.`,
  );
  return { status: 'SUCCEEDED', moved, adopted, cancellations, shows, openings, withdrawn };
}

async function moveRuns(): Promise<number> {
  let moved = 0;
  for (let pages = 0, isLast = false; !isLast && pages < MOVED_PAGES; pages += 1) {
    const page = await moveToCurrentVersion();
    moved += page.moved;
    isLast = page.isLast;
  }
  return moved;
}

async function adoptReservations(): Promise<number> {
  let adopted = 0;
  let after: string | null = null;
  do {
    const page: SweptPage = await adoptStranded(after);
    adopted += page.adopted;
    after = page.last;
  } while (after !== null);
  return adopted;
}
