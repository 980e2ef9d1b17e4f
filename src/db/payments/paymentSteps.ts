import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { insufficientPoints } from '../../domain/money';
import { statesBefore, type ReservationStatus } from '../../domain/reservations/reservationStates';
import { CLEARING, createLedgerStore } from '../ledger/ledgerStore';
import type { Ticket } from '../tickets/reservationTickets';
import { PAYMENT_COLUMNS, toPayment, type Payment, type PaymentRow } from './paymentStore';

/** The charge that a confirmation belongs to. */
export interface Approval {
  paymentId: string;
  gatewayPaymentId: string | null;
  approvedAt: Date;
}

export interface Confirmed {
  reservationId: string;
  scheduleId: string;
  tickets: Ticket[];
}

/** An attempt and its reservation, as they were when `open` had locked both. */
export interface OpenedAttempt {
  /** True if this call opened it: then `payment` is PENDING. */
  opened: boolean;
  payment: Payment;
  reservationStatus: ReservationStatus;
  isShowCancelled: boolean;
  /** Other failed attempts of the reservation with a card part whose charge is not known to be refunded. */
  toGiveBack: string[];
}

const COLUMNS = PAYMENT_COLUMNS.join(', ');
const OF_PAYMENT = PAYMENT_COLUMNS.map((column) => `payment.${column}`).join(', ');

interface OpenRow extends PaymentRow {
  opened: boolean;
  reservation_status: ReservationStatus;
  is_payable: boolean;
  is_show_cancelled: boolean;
  to_give_back: string[];
}

export type PaymentSteps = ReturnType<typeof createPaymentSteps>;

/**
 * The steps of a payment that change several tables. Each is one statement, so it is one transaction and one round trip.
 * Its first part locks the rows of the attempt and of its reservation, and returns them as they are then. Every other
 * part acts on this result.
 */
export function createPaymentSteps(db: Knex) {
  return {
    /**
     * Opens a requested attempt, sets the reservation to PAYING and takes the points, if the reservation may be paid
     * now. Otherwise it changes nothing.
     *
     * @returns null for an unknown attempt
     * @throws {Problem} insufficient-points; nothing has changed
     */
    async open(paymentId: string): Promise<OpenedAttempt | null> {
      const { rows } = await db
        .raw<{ rows: OpenRow[] }>(
          `WITH locked AS (
             SELECT ${OF_PAYMENT},
                    reservation.status AS reservation_status, reservation.expires_at, schedule.cancelled_at
             FROM payments AS payment
             JOIN reservations AS reservation ON reservation.id = payment.reservation_id
             JOIN schedules AS schedule ON schedule.id = reservation.schedule_id
             WHERE payment.id = :paymentId
             FOR NO KEY UPDATE OF payment, reservation),
           payable AS (
             SELECT * FROM locked
             WHERE status = 'REQUESTED' AND reservation_status = ANY(:before)
               AND expires_at > service_now() AND cancelled_at IS NULL),
           debited AS (
             -- The write carries its own condition, so that parallel debits cannot take a wallet below zero.
             UPDATE wallets SET balance = wallets.balance - payable.points FROM payable
             WHERE wallets.user_id = payable.user_id AND payable.points > 0 AND wallets.balance >= payable.points
             RETURNING wallets.balance),
           opened AS (
             SELECT * FROM payable WHERE points = 0 OR EXISTS (SELECT FROM debited)),
           pending AS (
             UPDATE payments SET status = 'PENDING' FROM opened WHERE payments.id = opened.id),
           paying AS (
             UPDATE reservations SET status = 'PAYING' FROM opened WHERE reservations.id = opened.reservation_id),
           journal AS (
             INSERT INTO journals (id, key, kind, reservation_id, payment_id)
             SELECT :journalId, 'points-taken:' || id, 'POINTS_TAKEN', reservation_id, id FROM opened WHERE points > 0
             RETURNING id),
           booked AS (
             INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
             SELECT journal.id, line.account, line.user_id, line.amount, opened.currency, line.balance
             FROM journal, opened, debited, LATERAL (VALUES
               ('wallet:' || opened.user_id, opened.user_id, -opened.points, debited.balance),
               ('house:pending', NULL, opened.points, NULL)) AS line (account, user_id, amount, balance))
           SELECT ${COLUMNS}, reservation_status,
                  EXISTS (SELECT FROM opened) AS opened,
                  EXISTS (SELECT FROM payable) AS is_payable,
                  cancelled_at IS NOT NULL AS is_show_cancelled,
                  ARRAY(SELECT failed.id FROM payments AS failed
                        WHERE failed.reservation_id = locked.reservation_id AND failed.id <> locked.id
                          AND failed.status = 'FAILED' AND failed.undone_at IS NULL AND failed.card > 0) AS to_give_back
           FROM locked`,
          { paymentId, journalId: randomUUID(), before: statesBefore('PAYING') },
        )
        .options({ name: 'open-payment' });
      const [row] = rows;
      if (!row) return null;
      const payment = toPayment(row);
      if (row.is_payable && !row.opened) {
        throw insufficientPoints(await createLedgerStore(db).balance(payment.userId), payment.amount.points);
      }
      return {
        opened: row.opened,
        payment: row.opened ? { ...payment, status: 'PENDING' } : payment,
        reservationStatus: row.reservation_status,
        isShowCancelled: row.is_show_cancelled,
        toGiveBack: row.to_give_back,
      };
    },

    /**
     * Confirms an open attempt: it sets the reservation to CONFIRMED, sells the seats, issues the tickets, books the
     * sale and writes the notification. The pending points and the money that the gateway took become revenue and
     * booking fees.
     *
     * @returns null if the attempt is not open, or its reservation has lost its seats. Then nothing has changed.
     * @throws if the ledger has a sale of this attempt already; nothing has changed
     */
    async confirm({ paymentId, gatewayPaymentId, approvedAt }: Approval): Promise<Confirmed | null> {
      const { rows } = await db
        .raw<{ rows: Confirmed[] }>(
          `WITH locked AS (
             SELECT payment.id, payment.reservation_id, payment.user_id, payment.status, payment.points, payment.card,
                    payment.currency, payment.gateway, reservation.schedule_id, reservation.tickets,
                    reservation.booking_fee, reservation.status AS reservation_status
             FROM payments AS payment
             JOIN reservations AS reservation ON reservation.id = payment.reservation_id
             WHERE payment.id = :paymentId
             FOR NO KEY UPDATE OF payment, reservation),
           payable AS (
             SELECT * FROM locked
             WHERE status IN ('PENDING', 'SETTLING') AND reservation_status = ANY(:before)),
           sold AS (
             UPDATE allocations SET sold_at = :approvedAt FROM payable
             WHERE allocations.reservation_id = payable.reservation_id
               AND allocations.released_at IS NULL AND allocations.sold_at IS NULL
             RETURNING allocations.seat_id),
           confirmed AS (
             SELECT * FROM payable WHERE EXISTS (SELECT FROM sold)),
           succeeded AS (
             UPDATE payments SET status = 'SUCCEEDED', gateway_payment_id = :gatewayPaymentId, approved_at = :approvedAt,
                                 reason = NULL
             FROM confirmed WHERE payments.id = confirmed.id),
           reserved AS (
             UPDATE reservations SET status = 'CONFIRMED', ended_at = :approvedAt
             FROM confirmed WHERE reservations.id = confirmed.reservation_id),
           issued AS (
             -- The unique index rejects a second live ticket for a seat.
             INSERT INTO tickets (id, reservation_id, seat_id, user_id, issued_at)
             SELECT gen_random_uuid(), confirmed.reservation_id, sold.seat_id, confirmed.user_id, :approvedAt
             FROM confirmed, sold
             RETURNING id, seat_id),
           journal AS (
             INSERT INTO journals (id, key, kind, reservation_id, payment_id)
             SELECT :journalId, 'sale:' || id, 'SALE', reservation_id, id FROM confirmed
             RETURNING id),
           booked AS (
             INSERT INTO entries (journal_id, account, amount, currency)
             SELECT journal.id, line.account, line.amount, confirmed.currency
             FROM journal, confirmed, LATERAL (VALUES
               ('house:pending', -points),
               ('${CLEARING}' || gateway, -card),
               ('house:revenue', tickets),
               ('house:booking-fees', booking_fee)) AS line (account, amount)
             WHERE line.amount <> 0),
           notified AS (
             INSERT INTO outbox (kind, payload)
             SELECT 'reservation-confirmed',
                    jsonb_build_object('reservationId', reservation_id, 'userId', user_id, 'paymentId', id)
             FROM confirmed)
           SELECT reservation_id AS "reservationId", schedule_id AS "scheduleId",
                  (SELECT jsonb_agg(jsonb_build_object('ticketId', id, 'seatId', seat_id)) FROM issued) AS tickets
           FROM confirmed`,
          {
            paymentId,
            gatewayPaymentId,
            approvedAt,
            journalId: randomUUID(),
            before: statesBefore('CONFIRMED'),
          },
        )
        .options({ name: 'confirm-payment' });
      return rows[0] ?? null;
    },
  };
}
