import { createPaymentStore } from '../db/paymentStore';
import type { ChargeOutcome, ChargeRequest } from '../gateways/gateway';
import { bookVoid, voidAtGateway } from './chargeVoids';
import type { ActivityDependencies } from './dependencies';
import { chargeOf, closeFailed } from './payments';

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
     * Refunds or voids whatever a payment that will not succeed has charged, and books it. The attempt is closed in
     * Postgres first, so that no sale loses its money: where the confirmation was first, nothing is voided.
     *
     * @throws until the gateway has confirmed it; its caller retries without end
     */
    async giveBackCharge(paymentId: string, reason: string): Promise<void> {
      const payment = await db.transaction((transaction) => closeFailed(transaction, paymentId, reason));
      if (payment?.status !== 'FAILED') return;
      const { reservationId, amount } = payment;
      const returned = await voidAtGateway(gateway, chargeOf(payment), reason);
      await db.transaction(async (transaction) => {
        const charge = { attemptId: paymentId, reservationId, currency: amount.currency };
        await bookVoid(transaction, charge, returned);
        await createPaymentStore(transaction).markUndone(paymentId);
      });
    },
  };
}
