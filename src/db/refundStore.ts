import type { Knex } from 'knex';

/** What is due to the card that paid a reservation. */
export interface DueRefund {
  reservationId: string;
  paymentId: string;
  /** Whole currency units. */
  amount: number;
  currency: string;
}

interface RefundRow {
  reservation_id: string;
  payment_id: string;
  amount: number;
  currency: string;
  status: 'PENDING' | 'DONE';
  attempts: number;
  last_fault: string | null;
  gateway_refund_id: string | null;
  created_at: Date;
  refunded_at: Date | null;
}

/** Refunds to cards after cancellations. Given a transaction, all of it happens in that transaction. */
export function createRefundStore(db: Knex) {
  const ofReservation = (reservationId: string) =>
    db<RefundRow>('refunds').where({ reservation_id: reservationId });

  return {
    async open(refund: DueRefund, openedAt: Date): Promise<void> {
      await db<RefundRow>('refunds').insert({
        reservation_id: refund.reservationId,
        payment_id: refund.paymentId,
        amount: refund.amount,
        currency: refund.currency,
        created_at: openedAt,
      });
    },

    async find(reservationId: string): Promise<(DueRefund & { status: 'PENDING' | 'DONE' }) | null> {
      const row = await ofReservation(reservationId).first();
      if (!row) return null;
      const { payment_id: paymentId, amount, currency, status } = row;
      return { reservationId, paymentId, amount, currency, status };
    },

    /** What operators see of a refund that is not done yet. */
    async noteFault(reservationId: string, attempt: number, fault: string): Promise<void> {
      await ofReservation(reservationId)
        .where({ status: 'PENDING' })
        .update({ attempts: attempt, last_fault: fault });
    },

    /** @returns false where it was done before */
    async markDone(
      reservationId: string,
      done: { attempt: number; gatewayRefundId: string; refundedAt: Date },
    ): Promise<boolean> {
      const changed = await ofReservation(reservationId).where({ status: 'PENDING' }).update({
        status: 'DONE',
        attempts: done.attempt,
        gateway_refund_id: done.gatewayRefundId,
        refunded_at: done.refundedAt,
      });
      return changed > 0;
    },
  };
}
