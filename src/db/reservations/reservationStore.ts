import type { Knex } from 'knex';
import type { ReservationAmount } from '../../domain/money';
import { OPEN_LIST } from './openReservations';
import { statesBefore, type ReservationStatus } from '../../domain/reservations/reservationStates';
import type { ReservedSeat } from '../../domain/reservations/seat';

/** A reservation, as clients and operators see it. */
export interface Reservation {
  reservationId: string;
  userId: string;
  scheduleId: string;
  /** The name of the waiting room that admitted the client when it held the seats. */
  room: string;
  status: ReservationStatus;
  amount: ReservationAmount;
  heldAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
}

interface ReservationRow {
  id: string;
  user_id: string;
  schedule_id: string;
  room: string;
  status: ReservationStatus;
  tickets: number;
  booking_fee: number;
  currency: string;
  held_at: Date;
  expires_at: Date;
  ended_at: Date | null;
}

/** The columns are listed, because a prepared statement that returns `*` breaks when a migration adds a column. */
const COLUMNS = [
  'id',
  'user_id',
  'schedule_id',
  'room',
  'status',
  'tickets',
  'booking_fee',
  'currency',
  'held_at',
  'expires_at',
  'ended_at',
] as const;

export type ReservationStore = ReturnType<typeof createReservationStore>;

/** Recorded reservations and their allocations. If `db` is a transaction, all statements run in it. */
export function createReservationStore(db: Knex) {
  return {
    async find(reservationId: string): Promise<Reservation | null> {
      const row = await db<ReservationRow>('reservations')
        .where({ id: reservationId })
        .first(...COLUMNS)
        .options({ name: 'find-reservation' });
      return row ? toReservation(row) : null;
    },

    /** Newest first, older than the reservation `before`. An unknown `before` gives an empty page. */
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

    /**
     * Whether the user holds seats for which this waiting room admitted the user.
     *
     * @param heldAfter before this time no hold can still be open; it keeps the read small, however much a user has
     *   bought
     */
    async hasOpen(userId: string, room: string, heldAfter: Date): Promise<boolean> {
      const { rows } = await db
        .raw<{ rows: unknown[] }>(
          `SELECT FROM reservations
           WHERE user_id = :userId AND held_at > :heldAfter AND room = :room
             AND status IN (${OPEN_LIST})
           LIMIT 1`,
          { userId, room, heldAfter },
        )
        .options({ name: 'has-open-reservation' });
      return rows.length > 0;
    },

    /**
     * Open reservations whose hold ended at least this long ago, by the clock of Postgres. Oldest first, starting after
     * `after`.
     */
    async overdue(page: {
      olderThanSeconds: number;
      after: string | null;
      limit: number;
    }): Promise<Reservation[]> {
      const { rows } = await db.raw<{ rows: ReservationRow[] }>(
        `SELECT ${COLUMNS.join(', ')} FROM reservations
         WHERE status IN (${OPEN_LIST})
           AND expires_at < service_now() - make_interval(secs => :olderThanSeconds)
           AND (:after::uuid IS NULL
                OR (expires_at, id) > (SELECT expires_at, id FROM reservations WHERE id = :after))
         ORDER BY expires_at, id LIMIT :limit`,
        page,
      );
      return rows.map(toReservation);
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

    /** Prevents other status changes of the reservation until the transaction ends. `now` is the time of Postgres. */
    async lock(reservationId: string): Promise<{ reservation: Reservation; now: Date } | null> {
      const { rows } = await db
        .raw<{ rows: (ReservationRow & { now: Date })[] }>(
          `SELECT ${COLUMNS.join(', ')}, service_now() AS now FROM reservations WHERE id = :reservationId FOR UPDATE`,
          { reservationId },
        )
        .options({ name: 'lock-reservation-row' });
      const [row] = rows;
      return row ? { reservation: toReservation(row), now: row.now } : null;
    },

    /**
     * Changes the status of a reservation, but only along the state table. A late write from an earlier state changes
     * nothing.
     *
     * @returns the current reservation; null if its status did not change
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
        .returning(COLUMNS)
        .options({ name: `move-reservation-${to}` });
      return row ? toReservation(row) : null;
    },

    /**
     * Sets HELD again after a failed attempt to pay. A late call must not take the reservation from the next attempt,
     * so no attempt may be open. The row is locked first, so that the check of the attempts is not older than the lock.
     */
    async resumeHold(reservationId: string): Promise<void> {
      await db<ReservationRow>('reservations').where({ id: reservationId }).forUpdate().select('id');
      await db.raw(
        `UPDATE reservations SET status = 'HELD'
         WHERE id = :reservationId AND status = ANY(:before)
           AND NOT EXISTS (SELECT FROM payments
                           WHERE reservation_id = :reservationId AND status IN ('PENDING', 'SETTLING'))`,
        { reservationId, before: statesBefore('HELD') },
      );
    },

    /**
     * Releases the seats of a hold that has ended, and never the seats of a newer hold: the write names the owner. A
     * repeated call returns the same seats.
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

    /**
     * Puts cancelled seats back on sale, and no others: the write names their owner.
     *
     * @returns the seats
     */
    async releaseSoldSeats(reservationId: string, seatIds: readonly string[], at: Date): Promise<string[]> {
      const rows = await db('allocations')
        .where({ reservation_id: reservationId })
        .whereIn('seat_id', seatIds)
        .whereNotNull('sold_at')
        .whereNull('released_at')
        .update({ released_at: at })
        .returning<{ seat_id: string }[]>('seat_id');
      return rows.map((row) => row.seat_id);
    },
  };
}

function toReservation(row: ReservationRow): Reservation {
  return {
    reservationId: row.id,
    userId: row.user_id,
    scheduleId: row.schedule_id,
    room: row.room,
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
