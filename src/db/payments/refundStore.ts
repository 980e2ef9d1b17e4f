import type { Knex } from 'knex';

/** A refund that is due to the card of a payment, after a cancellation. */
export interface DueRefund {
  cancellationId: string;
  reservationId: string;
  paymentId: string;
  /** Whole currency units. */
  amount: number;
  currency: string;
}

/** A refund, and the state of its tries. */
export interface RefundProgress extends DueRefund {
  /** The number of the next try. The results of all earlier tries are known. */
  nextAttempt: number;
  lastFault: string | null;
  /** The refund at the gateway; null while it is due. */
  done: { gatewayRefundId: string; refundedAt: Date } | null;
}

/** The gateway's response to a try that refunded nothing. */
export interface RefundFault {
  /** The number of the try. */
  attempt: number;
  /** UNKNOWN: the service makes the same try again. REFUSED: the next try has a new number. */
  outcome: 'unknown' | 'refused';
  reason: string;
}

interface RefundRow {
  cancellation_id: string;
  reservation_id: string;
  payment_id: string;
  amount: number;
  currency: string;
  status: 'PENDING' | 'DONE';
  attempts: number;
  next_attempt: number;
  last_fault: string | null;
  gateway_refund_id: string | null;
  created_at: Date;
  refunded_at: Date | null;
}

/** Refunds to cards after cancellations. If `db` is a transaction, all statements run in it. */
export function createRefundStore(db: Knex) {
  const ofCancellation = (cancellationId: string) =>
    db<RefundRow>('refunds').where({ cancellation_id: cancellationId });

  return {
    async open(refund: DueRefund, openedAt: Date): Promise<void> {
      await db<RefundRow>('refunds').insert({
        cancellation_id: refund.cancellationId,
        reservation_id: refund.reservationId,
        payment_id: refund.paymentId,
        amount: refund.amount,
        currency: refund.currency,
        created_at: openedAt,
      });
    },

    async find(cancellationId: string): Promise<RefundProgress | null> {
      const row = await ofCancellation(cancellationId).first();
      if (!row) return null;
      const { reservation_id: reservationId, payment_id: paymentId, amount, currency } = row;
      const { next_attempt: nextAttempt, last_fault: lastFault } = row;
      const { gateway_refund_id: gatewayRefundId, refunded_at: refundedAt } = row;
      const done = gatewayRefundId !== null && refundedAt !== null ? { gatewayRefundId, refundedAt } : null;
      return { cancellationId, reservationId, paymentId, amount, currency, nextAttempt, lastFault, done };
    },

    /** Records what operators see of a pending refund. A late response to an earlier try changes nothing. */
    async noteFault(cancellationId: string, { attempt, outcome, reason }: RefundFault): Promise<void> {
      await ofCancellation(cancellationId)
        .where({ status: 'PENDING' })
        .where('attempts', '<=', attempt)
        .update({
          attempts: attempt,
          next_attempt: outcome === 'refused' ? attempt + 1 : attempt,
          last_fault: `${outcome}: ${reason}`,
        });
    },

    /** @returns false if it was already done */
    async markDone(
      cancellationId: string,
      done: { attempt: number; gatewayRefundId: string; refundedAt: Date },
    ): Promise<boolean> {
      const changed = await ofCancellation(cancellationId).where({ status: 'PENDING' }).update({
        status: 'DONE',
        attempts: done.attempt,
        gateway_refund_id: done.gatewayRefundId,
        refunded_at: done.refundedAt,
      });
      return changed > 0;
    },
  };
}
