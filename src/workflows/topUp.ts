import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import { charge } from './charge';
import type { TopUpInput, TopUpResult } from './messages';
import { endlessStep } from './steps';

const creditTopUp = endlessStep('Put the points into the wallet', (activities) => activities.creditTopUp);

/** How long an unknown charge is asked about before it is voided. */
const SETTLE_MS = 10 * 60 * 1000;

/** Buys points. Once the card is charged the points follow, whatever fails on the way. */
export async function topUp(input: TopUpInput): Promise<TopUpResult> {
  return CancellationScope.nonCancellable(async () => {
    const { topUpId, userId, amount, currency, paymentKey } = input;
    setCurrentDetails(`Charging ${amount} ${currency}.`);
    const charged = await charge(
      {
        idempotencyKey: topUpId,
        amount,
        currency,
        orderId: topUpId,
        description: `Top-up ${topUpId}`,
        ...(paymentKey === undefined ? {} : { paymentKey }),
      },
      {
        begin: () => {
          setCurrentDetails(`Waiting for the gateway's word on ${amount} ${currency}.`);
          return Promise.resolve();
        },
        until: Date.now() + SETTLE_MS,
      },
    );
    if (charged.outcome === 'declined') {
      setCurrentDetails(`The card was refused (${charged.reason}); nothing was taken.`);
      return { topUpId, status: 'FAILED', reason: charged.reason };
    }
    const { gatewayPaymentId } = charged;
    const balance = await creditTopUp({ topUpId, userId, amount, currency, gatewayPaymentId });
    setCurrentDetails(`${amount} ${currency} are in the wallet.`);
    return { topUpId, status: 'SUCCEEDED', balance };
  });
}
