import type { Knex } from 'knex';

/** What is due to the card that paid a reservation, after a cancellation. */
export interface DueRefund {
  cancellationId: string;
  reservationId: string;
  paymentId: string;
  /** Whole currency units. */
  amount: number;
  currency: string;
}

/** A refund, and how far its tries have come. */
export interface RefundProgress extends DueRefund {
  /** The next try's number: what came of an earlier one is known. */
  nextAttempt: number;
  lastFault: string | null;
  /** What the gateway gave back; null while it is due. */
  done: { gatewayRefundId: string; refundedAt: Date } | null;
}

/** The gateway's word on a try, where it has given nothing back. */
export interface RefundFault {
  /** Of the try. */
  attempt: number;
  /** UNKNOWN: the same try is made again. REFUSED: the next one has another number. */
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

/** Refunds to cards after cancellations. Given a transaction, all of it happens in that transaction. */
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

    /** What operators see of a refund that is not done yet. A try that is late tells nothing new. */
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

    /** @returns false where it was done before */
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
