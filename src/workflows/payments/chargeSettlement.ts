import {
  CancellationScope,
  defineSignal,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { AttemptState } from '../../activities/payments/settlements';
import { RequiredSteps } from '../lib/requiredSteps';
import { topUpWorkflowId } from '../../contract/ledger';
import {
  GATEWAY_HINT_SIGNAL,
  type ChargeSettlementInput,
  type ChargeSettlementResult,
} from '../../contract/payments';
import { reservationWorkflowId } from '../../contract/reservations';
import { endlessStep } from '../lib/steps';

const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);

const readAttempt = endlessStep('Read the attempt', (activities) => activities.readAttempt);
const failPayment = endlessStep('Close the abandoned payment', (activities) => activities.failPayment);
const failTopUp = endlessStep('Close the abandoned top-up', (activities) => activities.failTopUp);
const endHold = endlessStep('Release the seats of the abandoned payment', (activities) => activities.endHold);
const giveBackCharge = endlessStep(
  'Refund any charge on the card',
  (activities) => activities.giveBackCharge,
);
const giveBackTopUp = endlessStep('Refund any charge on the card', (activities) => activities.giveBackTopUp);

type Settled = ChargeSettlementResult['status'];

/** The reason for closing an attempt whose workflow has ended or was ended by hand. */
const ABANDONED = 'abandoned';
/** The reason for refunding money that arrived after its payment was given up. */
const LATE = 'late';

/**
 * Settles one charge whenever the gateway reports something about it, even if the charge's own workflow ended long ago.
 * A charge that bought something stays. If the workflow of the charge still runs, this one leaves the charge to it. For
 * every other charge it asks the gateway, and refunds what was taken. If a message arrives meanwhile, it looks again.
 */
export async function chargeSettlement(input: ChargeSettlementInput): Promise<ChargeSettlementResult> {
  let hints = 1;
  const requiredSteps = new RequiredSteps();
  setHandler(gatewayHintSignal, () => void (hints += 1), { description: 'Look at the charge again' });
  return CancellationScope.nonCancellable(async () => {
    let status: Settled = 'UNKNOWN';
    while (hints > 0) {
      hints = 0;
      const attempt = await requiredSteps.complete(() => readAttempt(input));
      status = await settle(attempt, input.attemptId, requiredSteps);
      setCurrentDetails(DETAILS[status]);
    }
    return { status };
  });
}

/** What an operator reads about it. */
const DETAILS: Record<Settled, string> = {
  UNKNOWN: 'No payment or top-up has this charge.',
  SOLD: 'The charge bought what it was made for.',
  LEFT: 'Left to the workflow of its payment or top-up, which asks the gateway now.',
  GIVEN_BACK: 'The charge bought nothing; any money that was taken is refunded.',
};

async function settle(
  attempt: AttemptState,
  attemptId: string,
  requiredSteps: RequiredSteps,
): Promise<Settled> {
  if (attempt.kind === 'NONE') return 'UNKNOWN';
  if (attempt.state === 'SOLD') return 'SOLD';
  const owner =
    attempt.kind === 'PAYMENT' ? reservationWorkflowId(attempt.reservationId) : topUpWorkflowId(attemptId);
  if (attempt.state === 'OPEN' && (await isAlive(owner))) return 'LEFT';
  return undoAttempt(attempt, attemptId, requiredSteps);
}

async function undoAttempt(
  attempt: Exclude<AttemptState, { kind: 'NONE' }>,
  attemptId: string,
  requiredSteps: RequiredSteps,
): Promise<Settled> {
  const reason = attempt.state === 'OPEN' ? ABANDONED : LATE;
  if (attempt.kind === 'TOP_UP') {
    const closed = await requiredSteps.complete(() => failTopUp(attemptId, reason, true));
    if (closed.status === 'SUCCEEDED') return 'SOLD';
    await requiredSteps.complete(() => giveBackTopUp(attemptId, reason));
    return 'GIVEN_BACK';
  }
  const { reservationId, hasCard } = attempt;
  if (attempt.state === 'OPEN') {
    const failure = { paymentId: attemptId, reason, mayBeCharged: true };
    const failed = await requiredSteps.complete(() => failPayment(failure));
    if (failed !== 'FAILED') return 'SOLD';
    await requiredSteps.complete(() => endHold({ reservationId, status: 'RELEASED' }));
  }
  if (hasCard) await requiredSteps.complete(() => giveBackCharge(attemptId, reason));
  return 'GIVEN_BACK';
}

/** Signals the workflow that the gateway has sent a message. Returns false if the workflow does not run any more. */
async function isAlive(workflowId: string): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(gatewayHintSignal);
    return true;
  } catch {
    return false;
  }
}
