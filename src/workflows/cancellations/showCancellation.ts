import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SeenPage, ShowPage } from '../../activities/cancellations/showCancellations';
import { isRefunded, type ShowCounts } from '../../domain/cancellations/showCancellation';
import { RequiredSteps } from '../lib/requiredSteps';
import {
  SETTINGS_SIGNAL,
  type ShowCancellationInput,
  type ShowCancellationResult,
} from '../../contract/cancellations';
import { endlessStep } from '../lib/steps';

export const settingsSignal = defineSignal(SETTINGS_SIGNAL);

const isShowCancelled = endlessStep(
  'Check that the show is cancelled',
  (activities) => activities.isShowCancelled,
);
const releaseOpenHolds = endlessStep('Ask open holds to end', (activities) => activities.releaseOpenHolds);
const startCancellations = endlessStep(
  'Start cancellations of sold reservations',
  (activities) => activities.startCancellations,
);
const finishShow = endlessStep('Count what is left', (activities) => activities.finishShow);

/** The pause between the end of one page and the start of the next. So no second has more than one page. */
const PAGE_PAUSE_MS = 1_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * A signal reports the end of an operator's pause. It may be lost, for example if the API dies before it sends the
 * signal.
 */
const LOOK_AGAIN_MS = 60_000;

/** A page costs six events. The server ends a workflow at 51,200. */
const LONGEST_HISTORY = 2_000;

/**
 * Refunds a show whose cancellation is recorded in Postgres. The API has permanently closed the sale in the same
 * transaction: since then no seat can be held or paid. The workflow walks through the reservations again and again,
 * until a walk has left nothing open:
 *
 * 1. It asks open holds to end, and waits for payments that are under way.
 * 2. It starts one workflow for each sold reservation, which cancels it. The row of that request can exist only once.
 *    The operator sets the largest number of cancellations that begin in a second.
 * 3. It waits, with growing pauses, for everything that Postgres says is left. That includes a refund that fails.
 *
 * With each page, the workflow reads whether it is paused and at which rate it works. A signal makes it look at once.
 * Without a row it does nothing. If this run is terminated, another run continues with what is left.
 */
export async function showCancellation({
  scheduleId,
  resumeFrom,
}: ShowCancellationInput): Promise<ShowCancellationResult> {
  const requiredSteps = new RequiredSteps();
  let signalsReceived = 0;
  let begun = 0;
  setHandler(settingsSignal, () => void (signalsReceived += 1), {
    description: 'An operator has paused or resumed the refunds, or changed their rate',
  });

  if (!(await requiredSteps.complete(() => isShowCancelled(scheduleId)))) {
    setCurrentDetails('No cancellation of this show is recorded: nothing was done.');
    return { scheduleId, status: 'NOT_REQUESTED' };
  }
  const counts = await refundAll();
  setCurrentDetails(`Done: all ${counts.reservations} sold reservations are refunded.`);
  return { scheduleId, status: 'DONE', counts };

  async function refundAll(): Promise<ShowCounts> {
    let { after, pauseMs } = resumeFrom ?? { after: null, pauseMs: FIRST_PAUSE_MS };
    for (;;) {
      await releaseHolds(pauseMs);
      await walk(after, pauseMs);
      const left = await requiredSteps.complete(() => finishShow(scheduleId));
      if (isRefunded(left)) return left;
      setCurrentDetails(describe(left));
      await sleep(pauseMs, { summary: 'Pause before the next walk through the reservations' });
      after = null;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await renew(after, pauseMs);
    }
  }

  async function releaseHolds(pauseMs: number): Promise<void> {
    let after: string | null = null;
    do {
      const seen: SeenPage = await see(releaseOpenHolds, after, pauseMs);
      after = seen.last;
    } while (after !== null);
  }

  /** Begins the cancellation of sold reservations, from the one after `from` to the last. */
  async function walk(from: string | null, pauseMs: number): Promise<void> {
    for (let after = from; ;) {
      const seen = await see(startCancellations, after, pauseMs);
      begun += seen.reservations;
      tell(seen);
      after = seen.last;
      if (after === null) return;
      await sleep(PAGE_PAUSE_MS, { summary: 'Pause to keep to the rate' });
      await renew(after, pauseMs);
    }
  }

  /** Handles a page, once the refunds are not paused. */
  async function see(
    step: (page: ShowPage) => Promise<SeenPage>,
    after: string | null,
    pauseMs: number,
  ): Promise<SeenPage> {
    for (;;) {
      const heard = signalsReceived;
      const seen = await requiredSteps.complete(() => step({ scheduleId, after }));
      tell(seen);
      if (!seen.paused) return seen;
      await condition(() => signalsReceived > heard, LOOK_AGAIN_MS);
      await renew(after, pauseMs);
    }
  }

  /** Continues in a new run before the history becomes long. */
  async function renew(after: string | null, pauseMs: number): Promise<void> {
    if (workflowInfo().historyLength < LONGEST_HISTORY) return;
    await condition(allHandlersFinished);
    await continueAsNew<typeof showCancellation>({ scheduleId, resumeFrom: { after, pauseMs } });
  }

  function tell({ paused, refundsPerSecond }: SeenPage): void {
    const rate = paused ? 'Paused by an operator' : `Refunding at most ${refundsPerSecond} a second`;
    setCurrentDetails(`${rate}; ${begun} cancellations begun in this run.`);
  }
}

/** One sentence for the operator who opens the workflow. */
function describe({ openHolds, toDo, refunding, failing }: ShowCounts): string {
  const waiting = [
    `${openHolds} holds or payments under way`,
    `${toDo} sold reservations to cancel`,
    `${refunding} refunds under way`,
    `${failing} refunds that fail and are tried again`,
  ];
  return `Waiting for ${waiting.join(', ')}.`;
}
