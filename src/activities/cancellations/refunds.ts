import { inTransaction } from '../../db/stores';
import { clearingOf } from '../../db/ledger/ledgerStore';
import { createPaymentStore, type Payment } from '../../db/payments/paymentStore';
import { createRefundStore, type DueRefund, type RefundProgress } from '../../db/payments/refundStore';
import { PermanentError } from '../../domain/permanentError';
import { chargeOfPayment } from '../../gateways/chargeRequest';
import type { RefundOutcome, RefundRequest } from '../../domain/payments/gateway';
import type { ActivityDependencies } from '../dependencies';

/** One try to refund a card. Every try has its own key at the gateway. */
export interface RefundTry {
  cancellationId: string;
  /** From 1. */
  attempt: number;
}

/** The gateway's response to a try. */
export type KnownRefund = Exclude<RefundOutcome, { outcome: 'unknown' }>;

export interface CompleteRefundInput extends RefundTry {
  gatewayRefundId: string;
  /** ISO 8601. */
  refundedAt: string;
}

export function createRefundActivities({ db, gateways }: ActivityDependencies) {
  return {
    /**
     * Asks the gateway that took the money to refund what is due to the card. A try that is late, for example after a
     * stall, asks nothing: the gateway may have forgotten its key, and would refund once more.
     *
     * @throws until the gateway's response to this try is known; the caller runs it again under the same key
     */
    async refundCard({ cancellationId, attempt }: RefundTry): Promise<KnownRefund> {
      const refunds = createRefundStore(db);
      const refund = await refunds.find(cancellationId);
      const payment = refund && (await createPaymentStore(db).find(refund.paymentId));
      if (!payment) throw new PermanentError(`cancellation ${cancellationId} has no refund that is due`);
      const known = knownBefore(refund, attempt);
      if (known) return known;
      const outcome = await gateways.of(payment.gateway).refund(requestOf(refund, payment, attempt));
      if (outcome.outcome === 'refunded') return outcome;
      await refunds.noteFault(cancellationId, { attempt, ...outcome });
      if (outcome.outcome === 'refused') return outcome;
      throw new Error(`the outcome of the refund is unknown: ${outcome.reason}`);
    },

    /** Books what the gateway has refunded, in one transaction. If it runs again, it changes nothing. */
    async completeRefund({ cancellationId, attempt, ...done }: CompleteRefundInput): Promise<void> {
      const { gatewayRefundId, refundedAt } = done;
      await inTransaction(db, async (stores) => {
        const { refunds } = stores;
        const refund = await refunds.find(cancellationId);
        const { payments } = stores;
        const payment = refund && (await payments.find(refund.paymentId));
        if (!payment) throw new PermanentError(`cancellation ${cancellationId} has no refund`);
        const { reservationId, paymentId, amount, currency } = refund;
        const refunded = { attempt, gatewayRefundId, refundedAt: new Date(refundedAt) };
        if (!(await refunds.markDone(cancellationId, refunded))) return;
        await stores.ledger.post({
          key: `card-refunded:${cancellationId}`,
          kind: 'CARD_REFUNDED',
          currency,
          reservationId,
          paymentId,
          house: [
            { account: 'house:refunds-due', amount: -amount },
            { account: clearingOf(payment.gateway), amount },
          ],
        });
        await payments.markRefunded(paymentId);
        await stores.cancellationRequests.end(cancellationId);
      });
    },
  };
}

/** The outcome of this try, or of a later one. */
function knownBefore({ nextAttempt, lastFault, done }: RefundProgress, attempt: number): KnownRefund | null {
  if (done) {
    const { gatewayRefundId, refundedAt } = done;
    return { outcome: 'refunded', gatewayRefundId, refundedAt: refundedAt.toISOString() };
  }
  return attempt < nextAttempt ? { outcome: 'refused', reason: lastFault ?? 'superseded' } : null;
}

function requestOf(refund: DueRefund, payment: Payment, attempt: number): RefundRequest {
  const { paymentId, gatewayPaymentId, amount } = payment;
  if (gatewayPaymentId === null || refund.amount > amount.card || refund.currency !== amount.currency) {
    throw new PermanentError(
      `${refund.amount} ${refund.currency} is more than payment ${paymentId} took by card`,
    );
  }
  return {
    refundKey: `refund-${refund.cancellationId}-${attempt}`,
    charge: chargeOfPayment({ ...payment, requestedAt: payment.createdAt.getTime() }),
    gatewayPaymentId,
    amount: refund.amount,
    reason: 'cancelled',
  };
}
