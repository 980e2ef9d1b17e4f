import type { Knex } from 'knex';
import { createLedgerStore } from '../../db/ledger/ledgerStore';
import { createPaymentStore, type Payment } from '../../db/payments/paymentStore';
import { createReservationTickets } from '../../db/tickets/reservationTickets';
import { createReservationStore } from '../../db/reservations/reservationStore';
import { insufficientPoints } from '../../domain/money';
import { Problem } from '../../domain/problems';
import type { PayResult } from '../../contract/reservations';

/**
 * Reads the final outcome of an attempt to pay from Postgres. A later refund does not change it.
 *
 * @returns null if no attempt is recorded under this id, or its outcome is not known yet
 * @throws {Problem} insufficient-points or payment-failed if it failed
 */
export async function readOutcome(db: Knex, paymentId: string): Promise<PayResult | null> {
  const payment = await createPaymentStore(db).find(paymentId);
  if (payment?.status === 'FAILED') throw await failureOf(db, payment);
  if (!payment?.approvedAt) return null;
  const { reservationId, amount, approvedAt } = payment;
  const issued = await createReservationTickets(db).of([reservationId]);
  return {
    paymentId,
    status: 'SUCCEEDED',
    amount,
    approvedAt: approvedAt.toISOString(),
    tickets: issued.get(reservationId) ?? [],
  };
}

async function failureOf(db: Knex, { reservationId, userId, amount, reason }: Payment): Promise<Problem> {
  const reservation = await createReservationStore(db).find(reservationId);
  const expiresAt = reservation?.expiresAt.toISOString();
  if (reason === 'insufficient-points') {
    const { message, members } = insufficientPoints(
      await createLedgerStore(db).balance(userId),
      amount.points,
    );
    return new Problem('insufficient-points', message, { ...members, expiresAt });
  }
  return new Problem('payment-failed', 'The payment failed; nothing was taken.', { reason, expiresAt });
}
