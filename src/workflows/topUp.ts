import { CancellationScope, defineSignal, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { chargeOfTopUp } from '../gateways/chargeRequest';
import type { ChargeRequest } from '../gateways/gateway';
import { charge, isUnavailable, type Settling } from './charge';
import { reasonOf } from './failures';
import { GATEWAY_HINT_SIGNAL, type TopUpInput, type TopUpResult } from './messages';
import { settleApart } from './settleApart';
import { endlessStep, refusalOf } from './steps';

const openTopUp = endlessStep('Open the top-up', (activities) => activities.openTopUp);
const creditTopUp = endlessStep('Put the points into the wallet', (activities) => activities.creditTopUp);
const failTopUp = endlessStep('Close the top-up', (activities) => activities.failTopUp);
const giveBackTopUp = endlessStep(
  'Undo: give back whatever the card was charged',
  (activities) => activities.giveBackTopUp,
);

const gatewayHintSignal = defineSignal(GATEWAY_HINT_SIGNAL);

/** How long an unknown charge is asked about before it is voided. */
const SETTLE_MS = 10 * 60 * 1000;

/** Buys points. Once the card is charged the points follow, or the charge goes back, whatever fails on the way. */
export async function topUp(input: TopUpInput): Promise<TopUpResult> {
  let hints = 0;
  setHandler(gatewayHintSignal, () => void (hints += 1), {
    description: 'The gateway has told something about the charge: ask it again',
  });
  return CancellationScope.nonCancellable(async () => {
    const { topUpId, userId, amount, currency, paymentKey } = input;
    const price = `${amount} ${currency}`;
    const request = chargeOfTopUp({ ...input, paymentKey: paymentKey ?? null, requestedAt: Date.now() });
    setCurrentDetails(`Charging ${price}.`);
    const charged = await openAndCharge(request, {
      begin: () => {
        setCurrentDetails(`Waiting for the gateway's word on ${price}.`);
        return Promise.resolve();
      },
      until: Date.now() + SETTLE_MS,
      hints: () => hints,
    });
    if (charged.outcome !== 'approved') {
      await failTopUp(topUpId, charged.reason, charged.outcome === 'unknown');
      if (isUnavailable(charged)) {
        // The customer hears at once.
        await settleApart({ kind: 'TOP_UP', attemptId: topUpId }, 'The gateway was down for a top-up');
      } else if (charged.outcome === 'unknown') {
        setCurrentDetails(`No word from the gateway: giving back ${price}, should they have been charged.`);
        await giveBackTopUp(request, charged.reason);
      }
      setCurrentDetails(`The card was not charged (${charged.reason}); nothing was taken.`);
      return { topUpId, status: 'FAILED', reason: charged.reason };
    }
    const { gatewayPaymentId } = charged;
    const balance = await creditTopUp({ topUpId, userId, amount, currency, gatewayPaymentId });
    setCurrentDetails(`${price} are in the wallet.`);
    return { topUpId, status: 'SUCCEEDED', balance };
  });
}

/** A payment key that was used before is refused before any card is charged. */
async function openAndCharge(request: ChargeRequest, settling: Settling): ReturnType<typeof charge> {
  try {
    await openTopUp(request);
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { outcome: 'declined', reason: reasonOf(refusal) };
  }
  return charge(request, settling);
}
