import type { Stores } from '../../db/stores';
import { clearingOf } from '../../db/ledger/ledgerStore';
import type { Payment } from '../../db/payments/paymentStore';
import type { Ticket } from '../../db/tickets/reservationTickets';
import { isPaid } from '../../domain/payments/attemptState';
import type { ReservationAmount } from '../../domain/money';
import { PermanentError } from '../../domain/permanentError';
import { Problem } from '../../domain/problems';

export interface ConfirmInput {
  paymentId: string;
  gatewayPaymentId: string | null;
  /** Milliseconds since 1970, by the workflow's clock. */
  approvedAt: number;
}

export interface Confirmed {
  reservationId: string;
  scheduleId: string;
  tickets: Ticket[];
}

/**
 * Confirms an attempt: it sets the reservation to CONFIRMED, sells the seats, issues the tickets, books the sale, and
 * writes the notification.
 *
 * @throws {Problem} payment-failed if the attempt was closed as failed, or if the seats are gone
 */
export async function confirm(stores: Stores, input: ConfirmInput): Promise<Confirmed> {
  const { paymentId, gatewayPaymentId } = input;
  const { reservations } = stores;
  const approvedAt = new Date(input.approvedAt);
  const payment = await stores.payments.succeed(paymentId, { gatewayPaymentId, approvedAt });
  if (!payment) return confirmedBefore(stores, paymentId);
  const { reservationId, userId } = payment;
  const sold = await reservations.sellSeats(reservationId, approvedAt);
  const confirmed = await reservations.move(reservationId, 'CONFIRMED', approvedAt);
  if (!confirmed || sold.length === 0) {
    throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
  }
  const tickets = await stores.reservationTickets.issue(payment, sold, approvedAt);
  await bookSale(stores, payment, confirmed.amount);
  await stores.outbox.add('reservation-confirmed', { reservationId, userId, paymentId });
  return { reservationId, scheduleId: confirmed.scheduleId, tickets };
}

/** An earlier run of the step has confirmed the attempt, or it was closed as failed. */
async function confirmedBefore(stores: Stores, paymentId: string): Promise<Confirmed> {
  const payment = await stores.payments.find(paymentId);
  if (!payment || !isPaid(payment.status)) {
    throw new Problem('payment-failed', 'This attempt was undone.', { reason: 'undone' });
  }
  const { reservationId } = payment;
  const reservation = await stores.reservations.find(reservationId);
  if (!reservation) throw new PermanentError(`payment ${paymentId} has no reservation`);
  const issued = await stores.reservationTickets.of([reservationId]);
  return { reservationId, scheduleId: reservation.scheduleId, tickets: issued.get(reservationId) ?? [] };
}

/** The pending points and the money that the gateway took become revenue and booking fees. */
async function bookSale(
  stores: Stores,
  { paymentId, reservationId, amount, gateway }: Payment,
  price: ReservationAmount,
): Promise<void> {
  await stores.ledger.post({
    key: `sale:${paymentId}`,
    kind: 'SALE',
    currency: amount.currency,
    reservationId,
    paymentId,
    house: [
      { account: 'house:pending', amount: -amount.points },
      { account: clearingOf(gateway), amount: -amount.card },
      { account: 'house:revenue', amount: price.tickets },
      { account: 'house:booking-fees', amount: price.bookingFee },
    ],
  });
}
