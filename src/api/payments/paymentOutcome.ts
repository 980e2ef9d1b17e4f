import type { Payment } from '../../db/payments/paymentStore';
import type { Stores } from '../../db/stores';
import { insufficientPoints } from '../../domain/money';
import { Problem } from '../../domain/problems';
import type { PayResult } from '../../contract/reservations';

/**
 * Reads the final outcome of an attempt to pay from Postgres. A later refund does not change it.
 *
 * @returns null if no attempt is recorded under this id, or its outcome is not known yet
 * @throws {Problem} insufficient-points or payment-failed if it failed
 */
export async function readOutcome(stores: Stores, paymentId: string): Promise<PayResult | null> {
  const payment = await stores.payments.find(paymentId);
  if (payment?.status === 'FAILED') throw await failureOf(stores, payment);
  if (!payment?.approvedAt) return null;
  const { reservationId, amount, approvedAt } = payment;
  const issued = await stores.reservationTickets.of([reservationId]);
  return {
    paymentId,
    status: 'SUCCEEDED',
    amount,
    approvedAt: approvedAt.toISOString(),
    tickets: issued.get(reservationId) ?? [],
  };
}

async function failureOf(
  stores: Stores,
  { reservationId, userId, amount, reason }: Payment,
): Promise<Problem> {
  const reservation = await stores.reservations.find(reservationId);
  const expiresAt = reservation?.expiresAt.toISOString();
  if (reason === 'insufficient-points') {
    return insufficientPoints(await stores.ledger.balance(userId), amount.points, expiresAt);
  }
  return new Problem('payment-failed', 'The payment failed; nothing was taken.', { reason, expiresAt });
}
