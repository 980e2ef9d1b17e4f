import type { Knex } from 'knex';
import { seatUnavailable, type HoldFacts } from '../domain/holdRules';
import { CURRENCY, type ReservationAmount } from '../domain/money';
import { statesBefore, type ReservationStatus } from '../domain/reservationStates';
import type { ReservedSeat } from '../domain/seat';
import { NOT_OVER } from './paymentStore';

/** A reservation as clients and operators read it. */
export interface Reservation {
  reservationId: string;
  userId: string;
  scheduleId: string;
  status: ReservationStatus;
  amount: ReservationAmount;
  heldAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
}

/** A hold about to be recorded. Prices come from the facts that were read in the same transaction. */
export interface NewHold {
  reservationId: string;
  userId: string;
  scheduleId: string;
  seats: readonly ReservedSeat[];
  amount: ReservationAmount;
  heldAt: Date;
  expiresAt: Date;
}

interface ReservationRow {
  id: string;
  user_id: string;
  schedule_id: string;
  status: ReservationStatus;
  tickets: number;
  booking_fee: number;
  currency: string;
  held_at: Date;
  expires_at: Date;
  ended_at: Date | null;
}

type FactsRow = HoldFacts['seats'][number] & {
  sale_opens_at: Date;
  sale_closes_at: Date;
  sale_switch: 'OPEN' | 'PAUSED' | 'CLOSED';
  max_seats_per_user: number;
  booking_fee: number;
  already_held: number;
};

export type ReservationStore = ReturnType<typeof createReservationStore>;

/** Reservations and their allocations. Given a transaction, all of it happens in that transaction. */
export function createReservationStore(db: Knex) {
  return {
    /**
     * Serialises the holds of one user for one schedule until the transaction ends, so that parallel
     * requests cannot pass the seats' limit together.
     */
    async lockUserOnSchedule(userId: string, scheduleId: string): Promise<void> {
      await db.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [`${userId}:${scheduleId}`]);
    },

    /**
     * What the hold's rules need. Seats that do not exist in this schedule are missing from the answer.
     *
     * @param seats `keep` locks the seats against an operator's block until the transaction ends
     */
    async readHoldFacts(
      hold: { reservationId: string; userId: string; scheduleId: string; seatIds: readonly string[] },
      seats: 'look' | 'keep',
    ): Promise<HoldFacts | null> {
      const { rows } = await db.raw<{ rows: FactsRow[] }>(
        `SELECT seat.id AS "seatId", seat.zone, seat.row, seat.number, seat.grade, seat.blocked, grades.price,
                live.reservation_id IS NOT NULL AS taken,
                schedule.sale_opens_at, schedule.sale_closes_at, schedule.sale_switch,
                schedule.max_seats_per_user, schedule.booking_fee,
                (SELECT count(*) FROM allocations
                 WHERE schedule_id = schedule.id AND user_id = :userId AND released_at IS NULL
                   AND reservation_id <> :reservationId) AS already_held
         FROM schedules AS schedule
         JOIN seats AS seat ON seat.schedule_id = schedule.id AND seat.id = ANY(:seatIds)
         JOIN grades ON grades.schedule_id = seat.schedule_id AND grades.grade = seat.grade
         LEFT JOIN allocations AS live ON live.seat_id = seat.id AND live.released_at IS NULL
                                      AND live.reservation_id <> :reservationId
         WHERE schedule.id = :scheduleId
         ORDER BY seat.position
         ${seats === 'keep' ? 'FOR KEY SHARE OF seat' : ''}`,
        { ...hold, seatIds: [...hold.seatIds] },
      );
      const [first] = rows;
      return first ? toFacts(first, rows) : null;
    },

    /**
     * Records the hold. The unique index on live allocations has the last word; rows go in seat-map order,
     * so that overlapping holds wait for each other instead of deadlocking.
     *
     * @returns false when this reservation was recorded before
     * @throws {Problem} seat-unavailable; the caller's transaction must then be rolled back
     */
    async insertHold(hold: NewHold): Promise<boolean> {
      const { rows } = await db.raw<{ rows: { recorded: boolean; allocated: string[] }[] }>(
        `WITH held AS (
           INSERT INTO reservations
             (id, user_id, schedule_id, status, tickets, booking_fee, currency, held_at, expires_at)
           VALUES (:reservationId, :userId, :scheduleId, 'HELD', :tickets, :bookingFee, :currency, :heldAt, :expiresAt)
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
          tickets: hold.amount.tickets,
          bookingFee: hold.amount.bookingFee,
          currency: hold.amount.currency,
          heldAt: hold.heldAt,
          expiresAt: hold.expiresAt,
          seatIds: hold.seats.map((seat) => seat.seatId),
          prices: hold.seats.map((seat) => seat.price),
        },
      );
      const [result] = rows;
      if (!result?.recorded) return false;
      const lost = hold.seats.filter((seat) => !result.allocated.includes(seat.seatId));
      if (lost.length > 0) throw seatUnavailable(lost.map((seat) => seat.seatId));
      return true;
    },

    /** A hold that is over before it began: {@link insertHold} then finds its place taken. */
    async insertReleased(
      hold: Pick<NewHold, 'reservationId' | 'userId' | 'scheduleId'> & { heldAt: number },
    ): Promise<void> {
      const at = new Date(hold.heldAt);
      await db<ReservationRow>('reservations')
        .insert({
          id: hold.reservationId,
          user_id: hold.userId,
          schedule_id: hold.scheduleId,
          status: 'RELEASED',
          tickets: 0,
          booking_fee: 0,
          currency: CURRENCY,
          held_at: at,
          expires_at: at,
          ended_at: at,
        })
        .onConflict('id')
        .ignore();
    },

    async find(reservationId: string): Promise<Reservation | null> {
      const row = await db<ReservationRow>('reservations').where({ id: reservationId }).first();
      return row ? toReservation(row) : null;
    },

    /** Newest first, from just below the reservation `before`; an unknown one gives an empty page. */
    async listOfUser(
      userId: string,
      page: {
        limit: number;
        status?: ReservationStatus | undefined;
        before?: string | undefined;
      },
    ): Promise<Reservation[]> {
      const query = db<ReservationRow>('reservations')
        .where({ user_id: userId })
        .orderBy([
          { column: 'held_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ])
        .limit(page.limit);
      if (page.status) void query.where({ status: page.status });
      if (page.before) {
        void query.whereRaw(
          '(held_at, id) < (SELECT held_at, id FROM reservations WHERE id = ? AND user_id = ?)',
          [page.before, userId],
        );
      }
      return (await query).map(toReservation);
    },

    /** The seats of each reservation, in the order of the seat map. */
    async seatsOf(reservationIds: readonly string[]): Promise<Map<string, ReservedSeat[]>> {
      const { rows } = await db.raw<{ rows: (ReservedSeat & { reservationId: string })[] }>(
        `SELECT allocation.reservation_id AS "reservationId", seat.id AS "seatId",
                seat.zone, seat.row, seat.number, seat.grade, allocation.price
         FROM allocations AS allocation JOIN seats AS seat ON seat.id = allocation.seat_id
         WHERE allocation.reservation_id = ANY(?)
         ORDER BY seat.position`,
        [[...reservationIds]],
      );
      const seats = new Map<string, ReservedSeat[]>(reservationIds.map((id) => [id, []]));
      for (const { reservationId, ...seat } of rows) seats.get(reservationId)?.push(seat);
      return seats;
    },

    /** Keeps everybody else from moving the reservation until the transaction ends. */
    async lock(reservationId: string): Promise<Reservation | null> {
      const row = await db<ReservationRow>('reservations').where({ id: reservationId }).forUpdate().first();
      return row ? toReservation(row) : null;
    },

    /**
     * Moves a reservation, only along the state table: a late write from a state that has passed changes
     * nothing.
     *
     * @returns the reservation as it is now, null where it did not move
     */
    async move(
      reservationId: string,
      to: ReservationStatus,
      endedAt: Date | null = null,
    ): Promise<Reservation | null> {
      const [row] = await db<ReservationRow>('reservations')
        .where({ id: reservationId })
        .whereIn('status', statesBefore(to))
        .update({ status: to, ended_at: endedAt })
        .returning('*');
      return row ? toReservation(row) : null;
    },

    /**
     * Back to HELD after an attempt to pay that failed. A late write must not take the reservation from the next
     * attempt: all must be over. The row is locked first, so that this look at the attempts is not older than it.
     */
    async resumeHold(reservationId: string): Promise<void> {
      await db<ReservationRow>('reservations').where({ id: reservationId }).forUpdate().select('id');
      await db.raw(
        `UPDATE reservations SET status = 'HELD'
         WHERE id = :reservationId AND status = ANY(:before)
           AND NOT EXISTS (SELECT FROM payments
                           WHERE reservation_id = :reservationId AND ${NOT_OVER})`,
        { reservationId, before: statesBefore('HELD') },
      );
    },

    /**
     * Frees the seats of a hold that has ended, never those of a newer one: the write names its owner. Run
     * again, it answers with the same seats.
     */
    async releaseSeats(reservationId: string, at: Date): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { seat_id: string }[] }>(
        `UPDATE allocations SET released_at = coalesce(released_at, :at)
         WHERE reservation_id = :reservationId AND sold_at IS NULL
           AND EXISTS (SELECT FROM reservations WHERE id = :reservationId AND status IN ('EXPIRED', 'RELEASED'))
         RETURNING seat_id`,
        { reservationId, at },
      );
      return rows.map((row) => row.seat_id);
    },

    /** @returns the seats that became sold */
    async sellSeats(reservationId: string, at: Date): Promise<string[]> {
      const rows = await db('allocations')
        .where({ reservation_id: reservationId })
        .whereNull('released_at')
        .whereNull('sold_at')
        .update({ sold_at: at })
        .returning<{ seat_id: string }[]>('seat_id');
      return rows.map((row) => row.seat_id);
    },
  };
}

function toFacts(first: FactsRow, rows: FactsRow[]): HoldFacts {
  return {
    schedule: {
      saleOpensAt: first.sale_opens_at,
      saleClosesAt: first.sale_closes_at,
      saleSwitch: first.sale_switch,
      maxSeatsPerUser: first.max_seats_per_user,
      bookingFee: first.booking_fee,
    },
    seats: rows,
    alreadyHeld: first.already_held,
  };
}

function toReservation(row: ReservationRow): Reservation {
  return {
    reservationId: row.id,
    userId: row.user_id,
    scheduleId: row.schedule_id,
    status: row.status,
    amount: {
      tickets: row.tickets,
      bookingFee: row.booking_fee,
      total: row.tickets + row.booking_fee,
      currency: row.currency,
    },
    heldAt: row.held_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  };
}
