import { createLedgerStore } from '../db/ledgerStore';
import { createPaymentStore } from '../db/paymentStore';
import { chargeOfPayment } from '../gateways/chargeRequest';
import type { ChargeOutcome, ChargeRequest } from '../gateways/gateway';
import type { ActivityDependencies } from './dependencies';
import { closeFailed, type PaymentStep } from './payments';

export function createChargeActivities({ db, gateway }: ActivityDependencies) {
  return {
    /** Charges the card part. Answers within the gateway's own time limit; no answer is `unknown`. */
    async chargeCard(request: ChargeRequest): Promise<ChargeOutcome> {
      return gateway.charge(request);
    },

    /** Takes what was only authorised. */
    async captureCharge(request: ChargeRequest, gatewayPaymentId: string): Promise<ChargeOutcome> {
      return gateway.capture(request, gatewayPaymentId);
    },

    /** Asks the gateway what became of a charge. */
    async lookUpCharge(request: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }> {
      return gateway.lookUp(request);
    },

    /**
     * Makes sure that no money stays taken under the attempt's key.
     *
     * @returns what had been taken and went back
     * @throws until the gateway has said so; its caller retries
     */
    async voidCharge(request: ChargeRequest, reason: string): Promise<number> {
      return voided(request, reason);
    },

    /**
     * Gives back whatever a payment that will not succeed has charged, and books it. Its confirmation is barred
     * before, so that no sale loses its money; does nothing where that comes too late.
     *
     * @throws until the gateway has said so; its caller retries without end
     */
    async giveBackCharge(step: PaymentStep, reason: string): Promise<void> {
      const status = await db.transaction((transaction) => closeFailed(transaction, step, reason));
      if (status !== 'FAILED') return;
      const returned = await voided(chargeOfPayment(step), reason);
      await db.transaction(async (transaction) => {
        if (returned > 0) {
          await createLedgerStore(transaction).post({
            key: `charge-voided:${step.paymentId}`,
            kind: 'CHARGE_VOIDED',
            currency: step.amount.currency,
            reservationId: step.reservationId,
            paymentId: step.paymentId,
            house: [
              { account: 'gateway:clearing', amount: -returned },
              { account: 'gateway:clearing', amount: returned },
            ],
          });
        }
        await createPaymentStore(transaction).markUndone(step.paymentId);
      });
    },
  };

  async function voided(request: ChargeRequest, reason: string): Promise<number> {
    const result = await gateway.void(request, reason);
    if (result.outcome === 'unknown')
      throw new Error(`the gateway has not answered the void: ${result.reason}`);
    return result.returned;
  }
}
