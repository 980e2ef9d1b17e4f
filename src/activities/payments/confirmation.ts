import type { Knex } from 'knex';
import { clearingOf, createLedgerStore } from '../../db/ledger/ledgerStore';
import { createPaymentStore, type Payment } from '../../db/payments/paymentStore';
import { createReservationTickets, type Ticket } from '../../db/tickets/reservationTickets';
import { createReservationStore } from '../../db/reservations/reservationStore';
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
export async function confirm(transaction: Knex.Transaction, input: ConfirmInput): Promise<Confirmed> {
  const { paymentId, gatewayPaymentId } = input;
  const reservations = createReservationStore(transaction);
  const approvedAt = new Date(input.approvedAt);
  const payment = await createPaymentStore(transaction).succeed(paymentId, { gatewayPaymentId, approvedAt });
  if (!payment) return confirmedBefore(transaction, paymentId);
  const { reservationId, userId } = payment;
  const sold = await reservations.sellSeats(reservationId, approvedAt);
  const confirmed = await reservations.move(reservationId, 'CONFIRMED', approvedAt);
  if (!confirmed || sold.length === 0) {
    throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
  }
  const tickets = await createReservationTickets(transaction).issue(payment, sold, approvedAt);
  await bookSale(transaction, payment, confirmed.amount);
  await transaction('outbox')
    .insert({ kind: 'reservation-confirmed', payload: { reservationId, userId, paymentId } })
    .options({ name: 'notify-confirmation' });
  return { reservationId, scheduleId: confirmed.scheduleId, tickets };
}

/** An earlier run of the step has confirmed the attempt, or it was closed as failed. */
async function confirmedBefore(transaction: Knex.Transaction, paymentId: string): Promise<Confirmed> {
  const payment = await createPaymentStore(transaction).find(paymentId);
  if (!payment || !isPaid(payment.status)) {
    throw new Problem('payment-failed', 'This attempt was undone.', { reason: 'undone' });
  }
  const { reservationId } = payment;
  const reservation = await createReservationStore(transaction).find(reservationId);
  if (!reservation) throw new PermanentError(`payment ${paymentId} has no reservation`);
  const issued = await createReservationTickets(transaction).of([reservationId]);
  return { reservationId, scheduleId: reservation.scheduleId, tickets: issued.get(reservationId) ?? [] };
}

/** The pending points and the money that the gateway took become revenue and booking fees. */
async function bookSale(
  transaction: Knex.Transaction,
  { paymentId, reservationId, amount, gateway }: Payment,
  price: ReservationAmount,
): Promise<void> {
  await createLedgerStore(transaction).post({
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
