import type { Knex } from 'knex';
import { cancellationPolicySchema } from '../domain/cancellationPolicy';
import type { CancellationCause, CancellationFacts, CancellationRule } from '../domain/cancellationTerms';
import type { PaymentAmount } from '../domain/money';
import type { ReservationStatus } from '../domain/reservationStates';

/** A cancellation with the figures that the customer was told. Money in whole currency units. */
export interface Cancellation {
  /** That of the request. */
  cancellationId: string;
  reservationId: string;
  cause: CancellationCause;
  rule: CancellationRule;
  /** Kept of the tickets' price. */
  fee: number;
  bookingFeeRefund: number;
  refund: PaymentAmount;
  cancelledAt: Date;
}

/** A cancellation, and how far its card part has come. */
export interface RecordedCancellation extends Cancellation {
  /** Null where nothing is due to a card. */
  cardRefund: {
    status: 'PENDING' | 'DONE';
    /** Tries so far, each under a key of its own at the gateway. */
    attempts: number;
    nextAttempt: number;
    lastFault: string | null;
    refundedAt: Date | null;
  } | null;
}

/** The facts, with the payment that a refund goes back to. */
export interface RecordedFacts extends CancellationFacts {
  sale: (NonNullable<CancellationFacts['sale']> & { paymentId: string }) | null;
}

interface FactsRow {
  status: ReservationStatus;
  booking_fee: number;
  currency: string;
  policy: unknown;
  starts_at: Date;
  time_zone: string;
  prices: number[];
  ticket_used: boolean;
  show_cancelled: boolean;
  payment_id: string | null;
  points: number;
  card: number;
  approved_at: Date | null;
}

interface CancellationRow {
  id: string;
  reservation_id: string;
  cause: CancellationCause;
  rule: CancellationRule;
  fee: number;
  booking_fee_refund: number;
  points: number;
  card: number;
  currency: string;
  cancelled_at: Date;
  refund_status: 'PENDING' | 'DONE' | null;
  attempts: number;
  next_attempt: number;
  last_fault: string | null;
  refunded_at: Date | null;
}

export type CancellationStore = ReturnType<typeof createCancellationStore>;

/** What decides about cancellations, and their record. Given a transaction, all of it happens in that one. */
export function createCancellationStore(db: Knex) {
  return {
    /** What was frozen at the hold, and what has become of the reservation since. */
    async facts(reservationId: string): Promise<RecordedFacts | null> {
      const { rows } = await db.raw<{ rows: FactsRow[] }>(
        `SELECT reservation.status, reservation.booking_fee, reservation.currency,
                coalesce(reservation.cancellation_policy, schedule.cancellation_policy) AS policy,
                coalesce(reservation.starts_at, schedule.starts_at) AS starts_at,
                coalesce(reservation.time_zone, venue.time_zone) AS time_zone,
                (SELECT coalesce(json_agg(price), '[]') FROM allocations
                 WHERE reservation_id = reservation.id) AS prices,
                EXISTS (SELECT FROM tickets
                        WHERE reservation_id = reservation.id AND status = 'USED') AS ticket_used,
                schedule.cancelled_at IS NOT NULL AS show_cancelled, payment.id AS payment_id, payment.points, payment.card, payment.approved_at
         FROM reservations AS reservation
         JOIN schedules AS schedule ON schedule.id = reservation.schedule_id
         JOIN venues AS venue ON venue.id = schedule.venue_id
         LEFT JOIN payments AS payment
           ON payment.reservation_id = reservation.id AND payment.status = 'SUCCEEDED'
         WHERE reservation.id = ?`,
        [reservationId],
      );
      const [row] = rows;
      return row ? toFacts(row) : null;
    },

    /** Keeps everybody from being let in with the reservation's tickets until the transaction ends. */
    async lockTickets(reservationId: string): Promise<void> {
      await db('tickets').where({ reservation_id: reservationId }).orderBy('id').forUpdate().select('id');
    },

    async voidTickets(reservationId: string): Promise<void> {
      await db('tickets').where({ reservation_id: reservationId }).update({ status: 'VOID' });
    },

    /** @throws where the reservation was cancelled before: its caller holds the reservation's lock */
    async insert(cancellation: Cancellation): Promise<void> {
      const { refund } = cancellation;
      await db('cancellations').insert({
        id: cancellation.cancellationId,
        reservation_id: cancellation.reservationId,
        cause: cancellation.cause,
        rule: cancellation.rule,
        fee: cancellation.fee,
        booking_fee_refund: cancellation.bookingFeeRefund,
        points: refund.points,
        card: refund.card,
        currency: refund.currency,
        cancelled_at: cancellation.cancelledAt,
      });
    },

    async find(cancellationId: string): Promise<RecordedCancellation | null> {
      const [row] = await read('cancellation.id = ?', [cancellationId]);
      return row ?? null;
    },

    async ofReservations(reservationIds: readonly string[]): Promise<Map<string, RecordedCancellation>> {
      const found = await read('cancellation.reservation_id = ANY(?)', [[...reservationIds]]);
      return new Map(found.map((cancellation) => [cancellation.reservationId, cancellation]));
    },
  };

  async function read(
    condition: string,
    bindings: readonly (string | string[])[],
  ): Promise<RecordedCancellation[]> {
    const { rows } = await db.raw<{ rows: CancellationRow[] }>(
      `SELECT cancellation.*, refund.status AS refund_status, refund.attempts, refund.next_attempt,
              refund.last_fault, refund.refunded_at
       FROM cancellations AS cancellation
       LEFT JOIN refunds AS refund ON refund.cancellation_id = cancellation.id
       WHERE ${condition}`,
      bindings,
    );
    return rows.map(toCancellation);
  }
}

function toFacts(row: FactsRow): RecordedFacts {
  const { payment_id: paymentId, approved_at: bookedAt, points, card, currency } = row;
  const paid = { points, card, total: points + card, currency };
  return {
    status: row.status,
    sale: paymentId === null || bookedAt === null ? null : { paymentId, paid, bookedAt },
    prices: row.prices,
    bookingFee: row.booking_fee,
    currency,
    ticketUsed: row.ticket_used,
    showCancelled: row.show_cancelled,
    policy: cancellationPolicySchema.parse(row.policy),
    startsAt: row.starts_at,
    timeZone: row.time_zone,
  };
}

function toCancellation(row: CancellationRow): RecordedCancellation {
  const { points, card, currency } = row;
  return {
    cancellationId: row.id,
    reservationId: row.reservation_id,
    cause: row.cause,
    rule: row.rule,
    fee: row.fee,
    bookingFeeRefund: row.booking_fee_refund,
    refund: { points, card, total: points + card, currency },
    cancelledAt: row.cancelled_at,
    cardRefund:
      row.refund_status === null
        ? null
        : {
            status: row.refund_status,
            attempts: row.attempts,
            nextAttempt: row.next_attempt,
            lastFault: row.last_fault,
            refundedAt: row.refunded_at,
          },
  };
}
