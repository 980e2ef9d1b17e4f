import type { Knex } from 'knex';
import { seatUnavailable, type HoldFacts } from '../../domain/reservations/holdRules';
import type { ReservationAmount } from '../../domain/money';
import type { ReservedSeat } from '../../domain/reservations/seat';
import { SALE_LOCK } from '../catalogue/scheduleStore';
import type { AnsweredKey } from '../idempotencyStore';

/** A hold to record. Its prices come from facts that were read in the same transaction. */
export interface NewHold extends HoldNames {
  /** The name of the waiting room that admitted the client. */
  room: string;
  seats: readonly ReservedSeat[];
  amount: ReservationAmount;
  heldAt: Date;
  expiresAt: Date;
}

/** What the API has read and checked of a hold, for a grant without a second check. */
export interface CheckedHold extends NewHold {
  /** See `HoldFacts`. */
  version: string;
  alreadyHeld: number;
  /** The hold is granted only before this time, by the clock of Postgres. */
  deadline: Date;
}

type FactsRow = HoldFacts['seats'][number] & {
  version: string;
  now: Date;
  recorded: boolean;
  sale_opens_at: Date;
  sale_closes_at: Date;
  sale_switch: 'OPEN' | 'PAUSED' | 'CLOSED';
  cancelled_at: Date | null;
  max_seats_per_user: number;
  booking_fee: number;
  already_held: number;
};

/** The ids of a hold. */
export interface HoldNames {
  reservationId: string;
  userId: string;
  scheduleId: string;
}

/** `serialization_failure`, which means: try again. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SERIALIZATION_FAILURE = '40001';

const RESERVATION_LOCK = "hashtextextended('reservation:' || :reservationId::text, 0)";

export type HoldStore = ReturnType<typeof createHoldStore>;

/**
 * The facts that decide about a hold, and its record. All calls belong in one transaction, except `grantUnchanged`,
 * which is one.
 */
export function createHoldStore(db: Knex) {
  return {
    /**
     * Takes the locks of a hold until the transaction ends. The order is fixed, so that no two holds wait for each
     * other:
     * 1. the lock of the sale, shared: the sale cannot be closed permanently meanwhile
     * 2. the lock of the user for the schedule: parallel requests cannot exceed the seat limit together
     * 3. the lock of the reservation: see {@link lockReservation}
     */
    async lock({ reservationId, userId, scheduleId }: HoldNames): Promise<void> {
      await db
        .raw(
          `SELECT pg_advisory_xact_lock_shared(${SALE_LOCK}),
                  pg_advisory_xact_lock(hashtextextended(:userId::text || ':' || :scheduleId::text, 0)),
                  pg_advisory_xact_lock(${RESERVATION_LOCK})`,
          { reservationId, userId, scheduleId },
        )
        .options({ name: 'lock-hold' });
    },

    /**
     * Waits for a transaction that may be granting this hold. After that, the row of the hold exists or will never
     * exist.
     *
     * @returns the time of Postgres
     */
    async lockReservation(reservationId: string): Promise<Date> {
      await db
        .raw(`SELECT pg_advisory_xact_lock(${RESERVATION_LOCK})`, { reservationId })
        .options({ name: 'lock-reservation' });
      const { rows } = await db.raw<{ rows: [{ now: Date }] }>('SELECT service_now() AS now');
      return rows[0].now;
    },

    /**
     * Reads the facts for the rules of a hold. Seats that do not exist in this schedule are missing from the result.
     *
     * The query uses `IS NOT DISTINCT FROM` instead of `=`, because no index serves it. For a sale that has just begun,
     * Postgres has no statistics and assumes a tiny table. With `=` it would search two seats among all seats of the
     * schedule.
     *
     * @param seats `lock` locks the seats against a block by an operator until the transaction ends
     */
    async readHoldFacts(
      hold: HoldNames & { seatIds: readonly string[] },
      seats: 'read' | 'lock',
    ): Promise<HoldFacts | null> {
      const { rows } = await db
        .raw<{ rows: FactsRow[] }>(
          `SELECT seat.id AS "seatId", seat.zone, seat.row, seat.number, seat.grade, seat.blocked, grades.price,
                live.reservation_id AS "takenBy", service_now() AS now,
                concat_ws(' ', schedule.xmin, grades.xmin, seat.xmin) AS version,
                EXISTS (SELECT FROM reservations WHERE id = :reservationId) AS recorded,
                schedule.sale_opens_at, schedule.sale_closes_at, schedule.sale_switch,
                schedule.cancelled_at, schedule.max_seats_per_user, schedule.booking_fee,
                (SELECT count(*) FROM allocations
                 WHERE schedule_id = schedule.id AND user_id = :userId AND released_at IS NULL
                   AND reservation_id <> :reservationId) AS already_held
         FROM schedules AS schedule
         JOIN seats AS seat ON seat.id = ANY(:seatIds) AND seat.schedule_id IS NOT DISTINCT FROM schedule.id
         JOIN grades ON grades.schedule_id = seat.schedule_id AND grades.grade = seat.grade
         LEFT JOIN allocations AS live ON live.seat_id = seat.id AND live.released_at IS NULL
                                      AND live.reservation_id <> :reservationId
         WHERE schedule.id = :scheduleId
         ORDER BY seat.position
         ${seats === 'lock' ? 'FOR KEY SHARE OF seat' : ''}`,
          { ...hold, seatIds: [...hold.seatIds] },
        )
        .options({ name: `read-hold-facts-${seats}` });
      const [first] = rows;
      return first ? toFacts(first, rows) : null;
    },

    /**
     * Records the hold, and freezes the terms of a later cancellation with it. The unique index on live allocations
     * decides. Rows are inserted in the order of the seat map, so that overlapping holds wait for each other and do not
     * deadlock.
     *
     * @returns false if this reservation is already recorded
     * @throws {Problem} seat-unavailable; the caller must then roll back the transaction
     */
    async insertHold(hold: NewHold): Promise<boolean> {
      const { rows } = await db
        .raw<{ rows: { recorded: boolean; allocated: string[] }[] }>(
          `WITH held AS (
           INSERT INTO reservations
             (id, user_id, schedule_id, room, status, tickets, booking_fee, currency, held_at, expires_at,
              cancellation_policy, starts_at, time_zone)
           SELECT :reservationId::uuid, :userId::uuid, schedule.id, :room, 'HELD', :tickets::bigint, :bookingFee::bigint,
                  :currency, :heldAt::timestamptz, :expiresAt::timestamptz,
                  schedule.cancellation_policy, schedule.starts_at, venue.time_zone
           FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
           WHERE schedule.id = :scheduleId
           ON CONFLICT (id) DO NOTHING
           RETURNING id, schedule_id, user_id),
         allocated AS (
           INSERT INTO allocations (reservation_id, schedule_id, user_id, seat_id, price)
           SELECT held.id, held.schedule_id, held.user_id, seat.id, seat.price
           FROM held, unnest(:seatIds::uuid[], :prices::bigint[]) AS seat (id, price)
           ON CONFLICT (seat_id) WHERE released_at IS NULL DO NOTHING
           RETURNING seat_id)
         SELECT EXISTS (SELECT FROM held) AS recorded, ARRAY(SELECT seat_id FROM allocated) AS allocated`,
          {
            reservationId: hold.reservationId,
            userId: hold.userId,
            scheduleId: hold.scheduleId,
            room: hold.room,
            tickets: hold.amount.tickets,
            bookingFee: hold.amount.bookingFee,
            currency: hold.amount.currency,
            heldAt: hold.heldAt,
            expiresAt: hold.expiresAt,
            seatIds: hold.seats.map((seat) => seat.seatId),
            prices: hold.seats.map((seat) => seat.price),
          },
        )
        .options({ name: 'insert-hold' });
      const [result] = rows;
      if (!result?.recorded) return false;
      const lost = hold.seats.filter((seat) => !result.allocated.includes(seat.seatId));
      if (lost.length > 0) throw seatUnavailable(lost.map((seat) => seat.seatId));
      return true;
    },

    /**
     * Grants a hold in one statement, and records the response of its key. It does so only if nothing has changed since
     * the facts were read: the same rows of schedule, grades and seats, no other seats of this user, no response of the
     * key, time left. Else it grants nothing. Migration 036 has the function.
     *
     * @returns false if anything has changed, or another reservation has a seat
     */
    async grantUnchanged(hold: CheckedHold, { scope, bodyHash, answer }: AnsweredKey): Promise<boolean> {
      try {
        const { rows } = await db
          .raw<{ rows: { granted: boolean }[] }>(
            `SELECT grant_unchanged_hold(
               :reservationId, :userId, :scheduleId, :room, :seatIds, :prices, :version, :alreadyHeld,
               :tickets, :bookingFee, :currency, :heldAt, :expiresAt, :deadline,
               :route, :key, :bodyHash, :answer) AS granted`,
            {
              ...hold,
              ...hold.amount,
              seatIds: hold.seats.map((seat) => seat.seatId),
              prices: hold.seats.map((seat) => seat.price),
              route: scope.route,
              key: scope.key,
              bodyHash,
              answer: JSON.stringify(answer),
            },
          )
          .options({ name: 'grant-unchanged-hold' });
        return rows[0]?.granted === true;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === SERIALIZATION_FAILURE) return false;
        throw error;
      }
    },
  };
}

function toFacts(first: FactsRow, rows: FactsRow[]): HoldFacts {
  return {
    now: first.now,
    version: rows.map((row) => row.version).join(','),
    recorded: first.recorded,
    schedule: {
      saleOpensAt: first.sale_opens_at,
      saleClosesAt: first.sale_closes_at,
      saleSwitch: first.sale_switch,
      cancelledAt: first.cancelled_at,
      maxSeatsPerUser: first.max_seats_per_user,
      bookingFee: first.booking_fee,
    },
    seats: rows,
    alreadyHeld: first.already_held,
  };
}
