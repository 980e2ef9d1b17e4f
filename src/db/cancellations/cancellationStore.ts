import type { Knex } from 'knex';
import { cancellationPolicySchema } from '../../domain/cancellations/cancellationPolicy';
import type {
  CancellationCause,
  CancellationFacts,
  CancellationRule,
} from '../../domain/cancellations/cancellationTerms';
import type { PaymentAmount } from '../../domain/money';
import type { ReservationStatus } from '../../domain/reservations/reservationStates';

/** A cancellation with the figures that were shown to the customer. Money is in whole currency units. */
export interface Cancellation {
  /** The id of the request. */
  cancellationId: string;
  reservationId: string;
  cause: CancellationCause;
  /** The cancelled seats. */
  seatIds: string[];
  /** The prices of these seats, and the booking fees that were paid for them. */
  tickets: number;
  bookingFee: number;
  /** Whether no seat of the reservation remained. */
  whole: boolean;
  rule: CancellationRule;
  /** The part of the ticket prices that is kept. */
  fee: number;
  bookingFeeRefund: number;
  refund: PaymentAmount;
  cancelledAt: Date;
}

/** A cancellation, and the state of its card refund. */
export interface RecordedCancellation extends Cancellation {
  /** Null if no refund to a card is due. */
  cardRefund: {
    status: 'PENDING' | 'DONE';
    /** The number of tries so far. Each try has its own key at the gateway. */
    attempts: number;
    nextAttempt: number;
    lastFault: string | null;
    refundedAt: Date | null;
  } | null;
}

/** The facts, with the requested seats and the payment that is refunded. */
export interface RecordedFacts extends CancellationFacts {
  sale: (NonNullable<CancellationFacts['sale']> & { paymentId: string }) | null;
  seatIds: string[];
  /** Whether no other seat remains. */
  whole: boolean;
}

interface FactsRow {
  status: ReservationStatus;
  booking_fee: number;
  currency: string;
  policy: unknown;
  starts_at: Date;
  time_zone: string;
  seats: { seatId: string; price: number }[];
  seats_left: number;
  seats_sold: number;
  points_back: number;
  ticket_used: boolean;
  show_cancelled: boolean;
  payment_id: string | null;
  points: number;
  approved_at: Date | null;
}

interface CancellationRow {
  id: string;
  reservation_id: string;
  cause: CancellationCause;
  seat_ids: string[];
  tickets: number;
  booking_fee: number;
  whole: boolean;
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

/**
 * The facts that decide about cancellations, and the records of cancellations. If `db` is a transaction, all statements
 * run in it.
 */
export function createCancellationStore(db: Knex) {
  return {
    /**
     * Reads the terms that were frozen when the seats were held, and the current state of these seats.
     *
     * @param seatIds null: all remaining seats
     */
    async facts(reservationId: string, seatIds: readonly string[] | null): Promise<RecordedFacts | null> {
      const { rows } = await db.raw<{ rows: FactsRow[] }>(
        `SELECT reservation.status, reservation.booking_fee, reservation.currency,
                coalesce(reservation.cancellation_policy, schedule.cancellation_policy) AS policy,
                coalesce(reservation.starts_at, schedule.starts_at) AS starts_at,
                coalesce(reservation.time_zone, venue.time_zone) AS time_zone,
                (SELECT coalesce(json_agg(json_build_object('seatId', seat_id, 'price', price) ORDER BY seat_id), '[]')
                 FROM allocations WHERE reservation_id = reservation.id AND released_at IS NULL
                   AND (:seatIds::uuid[] IS NULL OR seat_id = ANY(:seatIds))) AS seats,
                (SELECT count(*) FROM allocations
                 WHERE reservation_id = reservation.id AND released_at IS NULL) AS seats_left,
                (SELECT count(*) FROM allocations WHERE reservation_id = reservation.id) AS seats_sold,
                (SELECT coalesce(sum(points), 0)::bigint FROM cancellations
                 WHERE reservation_id = reservation.id) AS points_back,
                EXISTS (SELECT FROM tickets
                        WHERE reservation_id = reservation.id AND status = 'USED'
                          AND (:seatIds::uuid[] IS NULL OR seat_id = ANY(:seatIds))) AS ticket_used,
                schedule.cancelled_at IS NOT NULL AS show_cancelled, payment.id AS payment_id, payment.points,
                payment.approved_at
         FROM reservations AS reservation
         JOIN schedules AS schedule ON schedule.id = reservation.schedule_id
         JOIN venues AS venue ON venue.id = schedule.venue_id
         LEFT JOIN payments AS payment
           ON payment.reservation_id = reservation.id AND payment.status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')
         WHERE reservation.id = :reservationId`,
        { reservationId, seatIds: seatIds && [...seatIds] },
      );
      const [row] = rows;
      return row ? toFacts(row, seatIds?.length ?? null) : null;
    },

    /** Prevents check-ins with the reservation's tickets until the transaction ends. */
    async lockTickets(reservationId: string): Promise<void> {
      await db('tickets').where({ reservation_id: reservationId }).orderBy('id').forUpdate().select('id');
    },

    async voidTickets(reservationId: string, seatIds: readonly string[]): Promise<void> {
      await db('tickets')
        .where({ reservation_id: reservationId })
        .whereIn('seat_id', seatIds)
        .update({ status: 'VOID' });
    },

    /**
     * The caller must hold the lock of the reservation.
     *
     * @throws if no seat remained
     */
    async insert(cancellation: Cancellation): Promise<void> {
      const { refund } = cancellation;
      await db('cancellations').insert({
        id: cancellation.cancellationId,
        reservation_id: cancellation.reservationId,
        cause: cancellation.cause,
        seat_ids: cancellation.seatIds,
        tickets: cancellation.tickets,
        booking_fee: cancellation.bookingFee,
        whole: cancellation.whole,
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

    /** Oldest first, by reservation. A reservation without a cancellation has no key. */
    async ofReservations(reservationIds: readonly string[]): Promise<Map<string, RecordedCancellation[]>> {
      const found = new Map<string, RecordedCancellation[]>();
      for (const cancellation of await read('cancellation.reservation_id = ANY(?)', [[...reservationIds]])) {
        const { reservationId } = cancellation;
        found.set(reservationId, [...(found.get(reservationId) ?? []), cancellation]);
      }
      return found;
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
       WHERE ${condition} ORDER BY cancellation.cancelled_at, cancellation.id`,
      bindings,
    );
    return rows.map(toCancellation);
  }
}

/** @param asked the number of requested seats; null: all remaining seats */
function toFacts(row: FactsRow, asked: number | null): RecordedFacts {
  const { payment_id: paymentId, approved_at: bookedAt, seats, currency } = row;
  const prices = seats.map(({ price }) => price);
  // Every seat has the same booking fee.
  const bookingFee = row.seats_sold === 0 ? 0 : (row.booking_fee / row.seats_sold) * seats.length;
  const total = prices.reduce((sum, price) => sum + price, bookingFee);
  const points = Math.min(row.points - row.points_back, total);
  const paid = { points, card: total - points, total, currency };
  const isGone = row.status === 'CONFIRMED' && asked !== null && seats.length < asked;
  return {
    status: isGone ? 'CANCELLED' : row.status,
    seatIds: seats.map(({ seatId }) => seatId),
    whole: seats.length === row.seats_left,
    sale: paymentId === null || bookedAt === null ? null : { paymentId, paid, bookedAt },
    prices,
    bookingFee,
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
    seatIds: row.seat_ids,
    tickets: row.tickets,
    bookingFee: row.booking_fee,
    whole: row.whole,
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
