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
import { Duties } from '../lib/duties';
import { refuse } from '../../contract/failures';
import {
  DECIDED_UPDATE,
  type CancellationInput,
  type CancellationResult,
} from '../../contract/cancellations';
import { REFUND_STATUS, type RefundStatus } from '../../contract/searchAttributes';
import { endlessStep, patientStep } from '../lib/steps';

export const decidedUpdate = defineUpdate(DECIDED_UPDATE);

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
 * Carries out a cancellation that is recorded in Postgres: the row says what is cancelled, and since when it is asked for.
 * Without a row, or once it is withdrawn, this does nothing. Nothing is undone here: the first step decides, in one
 * transaction, and once that is committed everything else is only to be done, however long it takes.
 *
 * 1. the reservation is cancelled by the terms of the instant at which it was asked for, or refused;
 * 2. the gateway refunds the card's part: without an answer, it is asked again under the same key; refused, it
 *    is tried again under a new key after a growing pause, without end;
 * 3. the refund is booked.
 *
 * The update `decided` answers once the first step is certain, and waits a while for the rest. Another run, after this
 * one was terminated, goes on from the rows.
 */
export async function cancellation({ cancellationId }: CancellationInput): Promise<CancellationResult> {
  const duties = new Duties();
  // Widened by hand: the handler reads it where the compiler does not look.
  let decision = null as CancellationDecision | null;
  let refund: RefundStatus = 'PENDING';

  setHandler(decidedUpdate, async () => CancellationScope.nonCancellable(untilDecided), {
    description: 'Answers once it is decided, and the card is refunded where that comes soon',
  });
  return CancellationScope.nonCancellable(run);

  async function run(): Promise<CancellationResult> {
    setCurrentDetails(`Deciding about cancellation ${cancellationId}.`);
    decision = await duties.fulfil(() => cancelReservation(cancellationId));
    const result = decision.status === 'CANCELLED' ? await refundAll(decision) : decision;
    if (decision.status === 'NOT_REQUESTED') setCurrentDetails('Nobody asks for it: nothing was changed.');
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
      const word = await duties.fulfil(() => refundCard({ cancellationId, attempt }));
      if (word.outcome === 'refunded') {
        const { gatewayRefundId, refundedAt } = word;
        const done = { cancellationId, attempt, gatewayRefundId, refundedAt };
        return duties.fulfil(() => completeRefund(done));
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      const nextTry = new Date(Date.now() + pause).toISOString();
      const told = `the gateway refused try ${attempt} (${word.reason}), the next is at ${nextTry}`;
      enter('REFUSED', `Cancelled: ${figures}; ${told}.`);
      await sleep(pause, { summary: 'Pause before the next try to refund the card' });
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof cancellation>({ cancellationId });
      }
    }
  }

  /** @throws {ApplicationFailure} internal-error where an operator has to look first */
  async function untilDecided(): Promise<void> {
    if (!decision && duties.areStuck) duties.retry();
    await condition(() => decision !== null || duties.areStuck);
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
  return `reservation ${reservationId}, ${points} points back, ${card} ${currency} to the card, ${fee} ${currency} kept of the tickets`;
}
