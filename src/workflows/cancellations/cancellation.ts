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
} from '@temporalio/workflow';
import type { CancellationDecision, Cancelled } from '../../activities/cancellations/cancellations';
import { RequiredSteps } from '../lib/requiredSteps';
import { refuse } from '../../contract/failures';
import {
  DECIDED_UPDATE,
  type CancellationInput,
  type CancellationResult,
} from '../../contract/cancellations';
import { REFUND_STATUS, type RefundStatus } from '../../contract/searchAttributes';
import { endlessStep, patientStep } from '../lib/steps';

export const decidedUpdate = defineUpdate(DECIDED_UPDATE);

/** How long the update waits for the refund of the card, which usually takes well under a second. */
const ANSWER_WITHIN = '5s';

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60 * 60 * 1000;

const cancelReservation = endlessStep(
  'Cancel: void the tickets, put the seats back on sale, return the points',
  (activities) => activities.cancelReservation,
);
const refundCard = patientStep('Refund the card', (activities) => activities.refundCard);
const completeRefund = endlessStep('Book the refund', (activities) => activities.completeRefund);

/**
 * Carries out a cancellation that is recorded in Postgres. The row says what is cancelled, and when that was requested.
 * Without a row, or after the request is withdrawn, the workflow does nothing. It undoes nothing: the first step
 * decides, in one transaction. After its commit, everything else must be done, however long it takes.
 *
 * 1. The workflow cancels the reservation by the terms of the instant of the request, or refuses the cancellation.
 * 2. The gateway refunds the card's part. If the gateway does not answer, the workflow asks again under the same key.
 *    If the gateway refuses, the workflow tries again under a new key after a growing pause, without end.
 * 3. The workflow books the refund.
 *
 * The update `decided` returns once the first step is certain, after a short wait for the rest. If this run is
 * terminated, another run continues from the rows.
 */
export async function cancellation({ cancellationId }: CancellationInput): Promise<CancellationResult> {
  const requiredSteps = new RequiredSteps();
  // The cast widens the type: the compiler does not see that the handler reads it.
  let decision = null as CancellationDecision | null;
  let refund: RefundStatus = 'PENDING';

  setHandler(decidedUpdate, async () => CancellationScope.nonCancellable(untilDecided), {
    description: 'Returns once the cancellation is decided, after a short wait for the refund of the card',
  });
  return CancellationScope.nonCancellable(run);

  async function run(): Promise<CancellationResult> {
    setCurrentDetails(`Deciding about cancellation ${cancellationId}.`);
    decision = await requiredSteps.complete(() => cancelReservation(cancellationId));
    const result = decision.status === 'CANCELLED' ? await refundAll(decision) : decision;
    if (decision.status === 'NOT_REQUESTED')
      setCurrentDetails('There is no request for this cancellation: nothing was changed.');
    if (decision.status === 'REFUSED') setCurrentDetails(`Refused, nothing was changed: ${decision.reason}.`);
    await condition(allHandlersFinished);
    return result;
  }

  async function refundAll(cancelled: Cancelled): Promise<CancellationResult> {
    const { reservationId, fee, refund: given, nextRefund } = cancelled;
    const figures = describe(cancelled);
    if (nextRefund !== null) await refundTheCard(nextRefund, figures);
    enter('DONE', `Cancelled: ${figures}; nothing is due any more.`);
    return { status: 'CANCELLED', reservationId, fee, refund: given };
  }

  async function refundTheCard(first: number, figures: string): Promise<void> {
    enter('PENDING', `Cancelled: ${figures}; refunding the card.`);
    for (let attempt = first; ; attempt += 1) {
      const answer = await requiredSteps.complete(() => refundCard({ cancellationId, attempt }));
      if (answer.outcome === 'refunded') {
        const { gatewayRefundId, refundedAt } = answer;
        const done = { cancellationId, attempt, gatewayRefundId, refundedAt };
        return requiredSteps.complete(() => completeRefund(done));
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      const nextTry = new Date(Date.now() + pause).toISOString();
      const told = `the gateway refused try ${attempt} (${answer.reason}); the next try is at ${nextTry}`;
      enter('REFUSED', `Cancelled: ${figures}; ${told}.`);
      await sleep(pause, { summary: 'Pause before the next try to refund the card' });
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof cancellation>({ cancellationId });
      }
    }
  }

  /** @throws {ApplicationFailure} internal-error if the cancellation is stuck and waits for an operator */
  async function untilDecided(): Promise<void> {
    if (!decision && requiredSteps.areStuck) requiredSteps.retry();
    await condition(() => decision !== null || requiredSteps.areStuck);
    if (!decision) throw refuse('internal-error', 'The cancellation is stuck.');
    if (decision.status === 'CANCELLED') await condition(() => refund !== 'PENDING', ANSWER_WITHIN);
  }

  function enter(status: RefundStatus, details: string): void {
    refund = status;
    setCurrentDetails(details);
    upsertSearchAttributes([{ key: REFUND_STATUS, value: status }]);
  }
}

function describe({ reservationId, refund, fee }: Cancelled): string {
  const { points, card, currency } = refund;
  return `reservation ${reservationId}, ${points} points returned, ${card} ${currency} to the card, ${fee} ${currency} of the ticket price kept`;
}
