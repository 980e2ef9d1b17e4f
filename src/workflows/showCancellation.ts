import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ShowPage } from '../activities/showCancellations';
import {
  isRefunded,
  isRefundRate,
  MAX_REFUNDS_PER_SECOND,
  type ShowCounts,
} from '../domain/showCancellation';
import { Duties } from './duties';
import { refuse } from './failures';
import {
  ADJUST_UPDATE,
  BEGIN_UPDATE,
  type ShowAdjustment,
  type ShowCancellationInput,
  type ShowCancellationResult,
} from './messages';
import { endlessStep } from './steps';

export const beginUpdate = defineUpdate(BEGIN_UPDATE);
export const adjustUpdate = defineUpdate<void, [ShowAdjustment]>(ADJUST_UPDATE);

const closeShow = endlessStep('Close the sale for good', (activities) => activities.closeShow);
const saveShowSettings = endlessStep(
  "Record the operator's word",
  (activities) => activities.saveShowSettings,
);
const releaseOpenHolds = endlessStep('Ask open holds to end', (activities) => activities.releaseOpenHolds);
const startCancellations = endlessStep(
  'Start cancellations of sold reservations',
  (activities) => activities.startCancellations,
);
const countShow = endlessStep('Count what is left', (activities) => activities.countShow);
const finishShow = endlessStep('Record the end', (activities) => activities.finishShow);

/** Between the end of one page and the start of the next: no second ever has more than one page. */
const PAGE_PAUSE_MS = 1_000;
/** To end a hold asks nothing of the gateway. */
const HOLDS_A_PAGE = 100;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** A page costs six events. The server ends a workflow at 51,200. */
const LONGEST_HISTORY = 2_000;

/**
 * Cancels a show. The sale is closed for good first: from then on nothing can be held or paid. Then it walks
 * through the reservations again and again, until a walk has left nothing open:
 *
 * 1. open holds are asked to end; payments under way are waited for;
 * 2. each sold reservation is cancelled by a workflow of its own, whose id and whose row in Postgres see to it that
 *    nobody is refunded twice. Of those at most so many are begun in a second as the operator wants;
 * 3. what Postgres says is left is waited for, a refund that fails included, with growing pauses.
 *
 * `begin` answers once the sale is closed. `adjust` pauses, resumes and changes the rate; refunds that have begun
 * go on while it is paused. Ended early, it may be started again: it then goes on with what is left.
 */
export async function showCancellation(input: ShowCancellationInput): Promise<ShowCancellationResult> {
  const { scheduleId, reason, resumeFrom } = input;
  let settings = { paused: input.paused, refundsPerSecond: input.refundsPerSecond };
  let isClosed = resumeFrom !== undefined;
  let saved = Promise.resolve();
  let begun = 0;
  const duties = new Duties();

  setHandler(beginUpdate, begin, {
    description: 'Answers once the sale is closed for good',
  });
  setHandler(adjustUpdate, adjust, {
    validator: assertAdjustable,
    description: 'Pauses, resumes, changes the rate',
  });

  if (!isClosed) {
    setCurrentDetails('Closing the sale.');
    const closedAt = Date.now();
    settings = await duties.fulfil(() => closeShow({ scheduleId, reason, settings, closedAt }));
    isClosed = true;
  }
  const counts = await refundAll();
  await duties.fulfil(() => finishShow(scheduleId, Date.now()));
  setCurrentDetails(`Done: all ${counts.reservations} sold reservations are refunded.`);
  await condition(allHandlersFinished);
  return { scheduleId, status: 'DONE', counts };

  async function begin(): Promise<void> {
    await condition(() => isClosed || duties.areStuck);
    if (!isClosed) throw refuse('internal-error', 'The cancellation is stuck.');
  }

  async function refundAll(): Promise<ShowCounts> {
    let { after, pauseMs } = resumeFrom ?? { after: null, pauseMs: FIRST_PAUSE_MS };
    for (;;) {
      await releaseHolds();
      await walk(after, pauseMs);
      const left = await duties.fulfil(() => countShow(scheduleId));
      if (isRefunded(left)) return left;
      setCurrentDetails(describe(left));
      await sleep(pauseMs, { summary: 'Pause before the next walk through the reservations' });
      after = null;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await renew(after, pauseMs);
    }
  }

  async function releaseHolds(): Promise<void> {
    let after: string | null = null;
    do {
      await running();
      const page: ShowPage = { scheduleId, after, limit: HOLDS_A_PAGE };
      const seen = await duties.fulfil(() => releaseOpenHolds(page));
      after = seen.last;
    } while (after !== null);
  }

  /** Begins the cancellation of what is sold, from just after one reservation to the last. */
  async function walk(from: string | null, pauseMs: number): Promise<void> {
    for (let after = from; ;) {
      await running();
      const page: ShowPage = { scheduleId, after, limit: settings.refundsPerSecond };
      const seen = await duties.fulfil(() => startCancellations(page));
      begun += seen.reservations;
      tell();
      after = seen.last;
      if (after === null) return;
      await sleep(PAGE_PAUSE_MS, { summary: 'Keep to the rate' });
      await renew(after, pauseMs);
    }
  }

  async function running(): Promise<void> {
    tell();
    await condition(() => !settings.paused);
  }

  /** Goes on in a new run before the history grows long. */
  async function renew(after: string | null, pauseMs: number): Promise<void> {
    if (workflowInfo().historyLength < LONGEST_HISTORY) return;
    // An operator's word is in the settings, and recorded, before they are handed on.
    await condition(allHandlersFinished);
    await continueAsNew<typeof showCancellation>({ ...input, ...settings, resumeFrom: { after, pauseMs } });
  }

  function tell(): void {
    const { paused, refundsPerSecond } = settings;
    const rate = paused ? 'Paused by an operator' : `Refunding at most ${refundsPerSecond} a second`;
    setCurrentDetails(`${rate}; ${begun} begun in this run.`);
  }

  async function adjust(change: ShowAdjustment): Promise<void> {
    await condition(() => isClosed);
    const { paused = settings.paused, refundsPerSecond = settings.refundsPerSecond } = change;
    settings = { paused, refundsPerSecond };
    tell();
    // One after the other: the last word is the last that is recorded.
    saved = saved.then(() => duties.fulfil(() => saveShowSettings(scheduleId, settings)));
    await saved;
  }
}

function assertAdjustable({ refundsPerSecond }: ShowAdjustment): void {
  if (refundsPerSecond === undefined || isRefundRate(refundsPerSecond)) return;
  throw refuse('validation-failed', `refundsPerSecond must be 1 to ${MAX_REFUNDS_PER_SECOND}.`);
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
