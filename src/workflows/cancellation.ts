import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
  type ApplicationFailure,
} from '@temporalio/workflow';
import type { Cancelled } from '../activities/cancellations';
import type { NotCancellableReason } from '../domain/cancellationTerms';
import { Duties } from './duties';
import { reasonOf, refusalOf, refuse } from './failures';
import { CANCEL_UPDATE, type CancellationInput, type CancellationResult } from './messages';
import { REFUND_STATUS, SCHEDULE_ID, USER_ID, type RefundStatus } from './searchAttributes';
import { endlessStep, patientStep } from './steps';

export const cancelUpdate = defineUpdate<void, [string]>(CANCEL_UPDATE);

/** How long an answer waits for the card's refund, which is usually there in well under a second. */
const ANSWER_WITHIN = '5s';

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60 * 60 * 1000;

const cancelReservation = endlessStep(
  'Cancel: tickets void, seats on sale again, points back',
  (activities) => activities.cancelReservation,
);
const refundCard = patientStep('Refund the card', (activities) => activities.refundCard);
const completeRefund = endlessStep('Book the refund', (activities) => activities.completeRefund);

/**
 * Cancels one reservation after its sale. Nothing is undone here: the first step decides, in one transaction, and
 * once that is committed everything else is only to be done, however long it takes.
 *
 * 1. the reservation is cancelled, by the terms at the instant at which this workflow was started;
 * 2. the gateway gives back the card's part: without an answer, it is asked again under the same key; refused, it
 *    is tried again under a new key after a growing pause, without end;
 * 3. the refund is booked.
 *
 * The update `cancel` answers once the first step is certain, and waits a while for the rest.
 */
export async function cancellation(input: CancellationInput): Promise<CancellationResult> {
  const { reservationId, cause, requestId = null } = input;
  const acceptedAt = workflowInfo().startTime.getTime();
  let cancelled: Cancelled | null = null;
  let refusal: ApplicationFailure | null = null;
  let refund: RefundStatus = 'PENDING';
  const duties = new Duties();

  setHandler(cancelUpdate, async (askedBy) => CancellationScope.nonCancellable(async () => answer(askedBy)), {
    description: 'Cancels the reservation, or joins whoever does',
  });
  return CancellationScope.nonCancellable(run);

  async function run(): Promise<CancellationResult> {
    setCurrentDetails(`Cancelling reservation ${reservationId}.`);
    try {
      cancelled = await duties.fulfil(() =>
        cancelReservation({ reservationId, cause, requestId, acceptedAt }),
      );
    } catch (error) {
      refusal = refusalOf(error);
      if (!refusal) throw error;
      setCurrentDetails(`Refused, nothing was changed: ${refusal.message}`);
      await condition(allHandlersFinished);
      return { reservationId, status: 'REFUSED', reason: reasonOf(refusal) };
    }
    const { scheduleId, userId, fee } = cancelled;
    upsertSearchAttributes([
      { key: SCHEDULE_ID, value: scheduleId },
      { key: USER_ID, value: userId },
    ]);
    const figures = describe(cancelled);
    if (cancelled.refund.card > 0) await giveBackCard(figures);
    enter('DONE', `Cancelled: ${figures}; nothing is due any more.`);
    await condition(allHandlersFinished);
    return { reservationId, status: 'CANCELLED', fee, refund: cancelled.refund };
  }

  async function giveBackCard(figures: string): Promise<void> {
    enter('PENDING', `Cancelled: ${figures}; refunding the card.`);
    for (let attempt = input.refundAttempt ?? 1; ; attempt += 1) {
      const word = await duties.fulfil(() => refundCard({ reservationId, attempt }));
      if (word.outcome === 'refunded') {
        const { gatewayRefundId, refundedAt } = word;
        const done = { reservationId, attempt, gatewayRefundId, refundedAt };
        return duties.fulfil(() => completeRefund(done));
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      const nextTry = new Date(Date.now() + pause).toISOString();
      const told = `the gateway refused try ${attempt} (${word.reason}), the next is at ${nextTry}`;
      enter('REFUSED', `Cancelled: ${figures}; ${told}.`);
      await sleep(pause, { summary: 'Pause before the next try to refund the card' });
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof cancellation>({ ...input, refundAttempt: attempt + 1 });
      }
    }
  }

  /** @throws {ApplicationFailure} not-cancellable; internal-error where an operator has to look first */
  async function answer(askedBy: string): Promise<void> {
    if (!cancelled && duties.areStuck) duties.retry();
    await condition(() => cancelled !== null || refusal !== null || duties.areStuck);
    if (refusal) throw refusal;
    if (!cancelled) throw refuse('internal-error', 'The cancellation is stuck.');
    if (askedBy !== requestId) {
      const reason = 'already-cancelled' satisfies NotCancellableReason;
      throw refuse('not-cancellable', 'Another request has cancelled the reservation.', { reason });
    }
    await condition(() => refund !== 'PENDING', ANSWER_WITHIN);
  }

  function enter(status: RefundStatus, details: string): void {
    refund = status;
    setCurrentDetails(details);
    upsertSearchAttributes([{ key: REFUND_STATUS, value: status }]);
  }
}

function describe({ refund, fee }: Cancelled): string {
  const { points, card, currency } = refund;
  return `${points} points back, ${card} ${currency} to the card, ${fee} ${currency} kept of the tickets`;
}
