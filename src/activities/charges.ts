import { createPaymentStore } from '../db/paymentStore';
import { chargeOfPayment } from '../gateways/chargeRequest';
import type { ChargeOutcome, ChargeRequest } from '../gateways/gateway';
import { bookVoid, voidAtGateway } from './chargeVoids';
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
      return voidAtGateway(gateway, request, reason);
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
      const { paymentId, reservationId, amount } = step;
      const returned = await voidAtGateway(gateway, chargeOfPayment(step), reason);
      await db.transaction(async (transaction) => {
        const charge = { attemptId: paymentId, reservationId, currency: amount.currency };
        await bookVoid(transaction, charge, returned);
        await createPaymentStore(transaction).markUndone(paymentId);
      });
    },
  };
}
