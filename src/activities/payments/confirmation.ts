import type { Stores } from '../../db/stores';
import type { Confirmed } from '../../db/payments/paymentSteps';
import { isOpen, isPaid } from '../../domain/payments/attemptState';
import { PermanentError } from '../../domain/permanentError';
import { Problem } from '../../domain/problems';

export interface ConfirmInput {
  paymentId: string;
  gatewayPaymentId: string | null;
  /** Milliseconds since 1970, by the workflow's clock. */
  approvedAt: number;
}

/**
 * Confirms an attempt. If an earlier run of the step has confirmed it, returns what that run did.
 *
 * @throws {Problem} payment-failed if the attempt was closed as failed, or if the seats are gone
 */
export async function confirm(stores: Stores, input: ConfirmInput): Promise<Confirmed> {
  const approval = { ...input, approvedAt: new Date(input.approvedAt) };
  return (await stores.paymentSteps.confirm(approval)) ?? confirmedBefore(stores, input.paymentId);
}

async function confirmedBefore(stores: Stores, paymentId: string): Promise<Confirmed> {
  const payment = await stores.payments.find(paymentId);
  if (payment && isOpen(payment.status)) {
    throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
  }
  if (!payment || !isPaid(payment.status)) {
    throw new Problem('payment-failed', 'This attempt was undone.', { reason: 'undone' });
  }
  const { reservationId } = payment;
  const reservation = await stores.reservations.find(reservationId);
  if (!reservation) throw new PermanentError(`payment ${paymentId} has no reservation`);
  const issued = await stores.reservationTickets.of([reservationId]);
  return { reservationId, scheduleId: reservation.scheduleId, tickets: issued.get(reservationId) ?? [] };
}
