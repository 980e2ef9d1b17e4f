import { createPaymentStore } from '../../db/payments/paymentStore';
import type { ChargeOutcome, ChargeRequest } from '../../domain/payments/gateway';
import { bookVoid, voidAtGateway } from './chargeVoids';
import type { ActivityDependencies } from '../dependencies';
import { chargeOf, closeFailed } from './payments';

export function createChargeActivities({ db, gateways }: ActivityDependencies) {
  return {
    /** Charges the card part. Answers within the gateway's own time limit; no answer is `unknown`. */
    async chargeCard(request: ChargeRequest): Promise<ChargeOutcome> {
      return gateways.of(request.gateway).charge(request);
    },

    /** Takes what was only authorised. */
    async captureCharge(request: ChargeRequest, gatewayPaymentId: string): Promise<ChargeOutcome> {
      return gateways.of(request.gateway).capture(request, gatewayPaymentId);
    },

    /** Asks the gateway what became of a charge. */
    async lookUpCharge(request: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }> {
      return gateways.of(request.gateway).lookUp(request);
    },

    /**
     * Refunds or voids whatever a payment that will not succeed has charged, and books it. The attempt is closed in
     * Postgres first, so that no sale loses its money: where the confirmation was first, nothing is voided.
     *
     * @throws until the gateway has confirmed it; its caller retries without end
     */
    async giveBackCharge(paymentId: string, reason: string): Promise<void> {
      const payment = await db.transaction((transaction) =>
        closeFailed(transaction, { paymentId, reason, mayBeCharged: true }),
      );
      if (payment?.status !== 'FAILED') return;
      const { reservationId, amount, gateway } = payment;
      const returned = await voidAtGateway(gateways, chargeOf(payment), reason);
      await db.transaction(async (transaction) => {
        const charge = { attemptId: paymentId, reservationId, currency: amount.currency, gateway };
        await bookVoid(transaction, charge, returned);
        await createPaymentStore(transaction).markUndone(paymentId);
      });
    },
  };
}
