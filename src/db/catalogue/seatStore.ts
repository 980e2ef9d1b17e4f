import type { Knex } from 'knex';

/** A seat of a schedule without its status: none of this ever changes. */
export interface SeatDrawing {
  seatId: string;
  zone: string;
  row: string;
  number: string;
  grade: string;
  x: number;
  y: number;
  accessible: boolean;
}

interface LockedSeat {
  seatId: string;
  taken: boolean;
  /** false: its grade has no price. */
  forSale: boolean;
}

interface SeatsOfVenue {
  scheduleId: string;
  venueId: string;
  /** How many the venue has. */
  seats: number;
}

/** A statement may take 10 s; this number of seats takes less than one, also on a slow machine. */
const SEATS_IN_A_STATEMENT = 20_000;

export type SeatStore = ReturnType<typeof createSeatStore>;

/** The seats of schedules. Given a transaction, all of it happens in that transaction. */
export function createSeatStore(db: Knex) {
  return {
    /**
     * Gives a new schedule a seat of its own for each seat of its venue; one whose grade has no price is blocked for
     * good. The ids are of version 7 (RFC 9562) and grow in the plan's order, which keeps a schedule's rows and index
     * entries together.
     */
    async insertAll({ scheduleId, venueId, seats }: SeatsOfVenue): Promise<void> {
      for (let from = 0; from < seats; from += SEATS_IN_A_STATEMENT) {
        await db.raw(
          `INSERT INTO seats
             (id, schedule_id, position, zone, row, number, grade, x, y, accessible, blocked)
           SELECT (lpad(to_hex(:now::bigint + planned.position / 4096), 12, '0') || '7'
                     || lpad(to_hex(planned.position % 4096), 3, '0')
                     || right(replace(gen_random_uuid()::text, '-', ''), 16))::uuid,
                  grades.schedule_id, planned.position, zone, row, number, grade, x, y, accessible, price IS NULL
           FROM venue_seats AS planned
           JOIN grades ON grades.schedule_id = :scheduleId AND grades.grade = planned.category
           WHERE venue_id = :venueId AND planned.position >= :from AND planned.position < :to
           ORDER BY planned.position`,
          { scheduleId, venueId, now: Date.now(), from, to: from + SEATS_IN_A_STATEMENT },
        );
      }
    },

    /** In the plan's order. */
    async drawings(scheduleId: string): Promise<SeatDrawing[]> {
      const { rows } = await db.raw<{ rows: SeatDrawing[] }>(
        `SELECT id AS "seatId", zone, row, number, grade, x, y, accessible
         FROM seats WHERE schedule_id = ? ORDER BY position`,
        [scheduleId],
      );
      return rows;
    },

    /**
     * One letter for each seat in the plan's order: Available, Held, Sold or Blocked. One string, because
     * thousands of rows would cost more to carry than to read.
     *
     * A full join, though every allocation has its seat: Postgres can only hash or merge it. Of a sale that has just
     * begun it has no statistics, takes it that hardly anything is sold, and would compare each seat with each sold one.
     *
     * @returns an empty string for an unknown schedule
     */
    async statuses(scheduleId: string): Promise<string> {
      const { rows } = await db.raw<{ rows: { statuses: string | null }[] }>(
        `SELECT string_agg(
                  CASE WHEN live.sold_at IS NOT NULL THEN 'S'
                       WHEN live.seat_id IS NOT NULL THEN 'H'
                       WHEN seat.blocked THEN 'B'
                       ELSE 'A' END, '' ORDER BY seat.position) AS statuses
         FROM (SELECT id, position, blocked FROM seats WHERE schedule_id = :scheduleId) AS seat
         FULL JOIN (SELECT seat_id, sold_at FROM allocations
                    WHERE schedule_id = :scheduleId AND released_at IS NULL) AS live
           ON live.seat_id = seat.id`,
        { scheduleId },
      );
      return rows[0]?.statuses ?? '';
    },

    /** The schedule of each seat; unknown seats are missing. */
    async schedulesOf(seatIds: readonly string[]): Promise<Map<string, string>> {
      const rows = await db('seats')
        .whereIn('id', seatIds)
        .select<{ seatId: string; scheduleId: string }[]>({ seatId: 'id', scheduleId: 'schedule_id' });
      return new Map(rows.map(({ seatId, scheduleId }) => [seatId, scheduleId]));
    },

    /**
     * Locks these seats until the transaction ends, so that nothing can be allocated meanwhile: an
     * allocation's foreign key takes a lock that waits for this one.
     *
     * @returns the seats that belong to the schedule, each with whether somebody has it, and whether it has a price
     */
    async lock(scheduleId: string, seatIds: readonly string[]): Promise<LockedSeat[]> {
      await db('seats')
        .where({ schedule_id: scheduleId })
        .whereIn('id', seatIds)
        .orderBy('position')
        .forUpdate()
        .select('id');
      // A statement of its own: it sees what was committed while the lock was waited for.
      const { rows } = await db.raw<{ rows: LockedSeat[] }>(
        `SELECT seat.id AS "seatId", grades.price IS NOT NULL AS "forSale",
                EXISTS (SELECT FROM allocations WHERE seat_id = seat.id AND released_at IS NULL) AS taken
         FROM seats AS seat JOIN grades USING (schedule_id, grade)
         WHERE seat.schedule_id = ? AND seat.id = ANY(?)`,
        [scheduleId, [...seatIds]],
      );
      return rows;
    },

    async setBlocked(scheduleId: string, seatIds: readonly string[], blocked: boolean): Promise<void> {
      await db('seats').where({ schedule_id: scheduleId }).whereIn('id', seatIds).update({ blocked });
    },
  };
}
