import { CancellationScope, defineSignal, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import { charge } from '../payments/charge';
import { RequiredSteps } from '../lib/requiredSteps';
import { refuse } from '../../contract/failures';
import { failureReasonOf } from '../lib/failures';
import type { TopUpInput, TopUpResult } from '../../contract/ledger';
import { GATEWAY_HINT_SIGNAL } from '../../contract/payments';
import { startChargeSettlement } from '../payments/startChargeSettlement';
import { endlessStep } from '../lib/steps';

const openTopUp = endlessStep('Open the top-up', (activities) => activities.openTopUp);
const creditTopUp = endlessStep('Put the points into the wallet', (activities) => activities.creditTopUp);
const failTopUp = endlessStep('Close the top-up', (activities) => activities.failTopUp);
const giveBackTopUp = endlessStep(
  'Undo: refund any charge on the card',
  (activities) => activities.giveBackTopUp,
);

const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);

/** How long the workflow looks up an unknown charge before it voids it. */
const SETTLE_MS = 10 * 60 * 1000;

/**
 * Buys points. After the card is charged, the points follow, or the workflow refunds the charge, whatever fails on the
 * way.
 */
export async function topUp({ topUpId }: TopUpInput): Promise<TopUpResult> {
  let hints = 0;
  const requiredSteps = new RequiredSteps();
  setHandler(gatewayHintSignal, () => void (hints += 1), {
    description: 'The gateway has sent a message about the charge: ask the gateway again',
  });
  return CancellationScope.nonCancellable(async () => {
    let mayBeCharged = false;
    try {
      const request = await openTopUp(topUpId);
      const price = `${request.amount} ${request.currency}`;
      setCurrentDetails(`Charging ${price}.`);
      mayBeCharged = true;
      const charged = await charge(request, {
        begin: async () => setCurrentDetails(`The outcome of the charge of ${price} is not known yet.`),
        until: Date.now() + SETTLE_MS,
        hints: () => hints,
      });
      mayBeCharged = charged.outcome !== 'declined';
      if (charged.outcome !== 'approved')
        throw refuse('payment-failed', 'The card was not charged.', { reason: charged.reason });
      const balance = await creditTopUp({ topUpId, gatewayPaymentId: charged.gatewayPaymentId });
      setCurrentDetails(`${price} are in the wallet.`);
      return { topUpId, status: 'SUCCEEDED', balance };
    } catch (error) {
      return undo(topUpId, failureReasonOf(error), mayBeCharged, requiredSteps);
    }
  });
}

/** First asks Postgres for the outcome: another run of the same steps may have credited the points. */
async function undo(
  topUpId: string,
  reason: string,
  mayBeCharged: boolean,
  requiredSteps: RequiredSteps,
): Promise<TopUpResult> {
  const closed = await requiredSteps.complete(() => failTopUp(topUpId, reason, mayBeCharged));
  if (closed.status === 'SUCCEEDED') {
    setCurrentDetails('The points are in the wallet.');
    return { topUpId, ...closed };
  }
  if (mayBeCharged && reason === GATEWAY_UNAVAILABLE) {
    // The client gets its response at once.
    await startChargeSettlement(
      { kind: 'TOP_UP', attemptId: topUpId },
      'The gateway was down during a top-up',
    );
  } else if (mayBeCharged) {
    setCurrentDetails('The outcome of the charge is not known: refunding any charge on the card.');
    await requiredSteps.complete(() => giveBackTopUp(topUpId, reason));
  }
  setCurrentDetails(`The card was not charged (${reason}); nothing was taken.`);
  return { topUpId, status: 'FAILED', reason };
}
