import { inTransaction } from '../../db/stores';
import type { ChargeOutcome, ChargeRequest } from '../../domain/payments/gateway';
import { bookVoid, voidAtGateway } from './chargeVoids';
import type { ActivityDependencies } from '../dependencies';
import { chargeOf, closeFailed } from './payments';

export function createChargeActivities({ db, gateways }: ActivityDependencies) {
  return {
    /**
     * Charges the card part. Returns within the gateway's own time limit; without a response the outcome is `unknown`.
     */
    async chargeCard(request: ChargeRequest): Promise<ChargeOutcome> {
      return gateways.of(request.gateway).charge(request);
    },

    /** Captures authorised money. */
    async captureCharge(request: ChargeRequest, gatewayPaymentId: string): Promise<ChargeOutcome> {
      return gateways.of(request.gateway).capture(request, gatewayPaymentId);
    },

    /** Asks the gateway for the outcome of a charge. */
    async lookUpCharge(request: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }> {
      return gateways.of(request.gateway).lookUp(request);
    },

    /**
     * Refunds or voids any charge of a payment that will not succeed, and books that. It first closes the attempt in
     * Postgres, so that no sale loses its money: if the confirmation came first, nothing is voided.
     *
     * @throws until the gateway has confirmed it; its caller retries without end
     */
    async giveBackCharge(paymentId: string, reason: string): Promise<void> {
      const payment = await inTransaction(db, async (stores) =>
        closeFailed(stores, { paymentId, reason, mayBeCharged: true }),
      );
      if (payment?.status !== 'FAILED') return;
      const { reservationId, amount, gateway } = payment;
      const returned = await voidAtGateway(gateways, chargeOf(payment), reason);
      await inTransaction(db, async (stores) => {
        const charge = { attemptId: paymentId, reservationId, currency: amount.currency, gateway };
        await bookVoid(stores, charge, returned);
        await stores.payments.markUndone(paymentId);
      });
    },
  };
}
