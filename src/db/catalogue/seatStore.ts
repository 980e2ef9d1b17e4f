import type { Knex } from 'knex';

/** A seat of a schedule without its status. None of these properties ever changes. */
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
  /** The number of seats of the venue. */
  seats: number;
}

/** A statement may take 10 s. This number of seats takes less than one second, even on a slow machine. */
const SEATS_IN_A_STATEMENT = 20_000;

export type SeatStore = ReturnType<typeof createSeatStore>;

/** The seats of schedules. If `db` is a transaction, all statements run in it. */
export function createSeatStore(db: Knex) {
  return {
    /**
     * Creates a separate seat of a new schedule for each seat of its venue. A seat whose grade has no price is
     * permanently blocked. The ids have version 7 (RFC 9562) and grow in the order of the plan. This keeps the rows and
     * index entries of a schedule together.
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

    /** In the order of the plan. */
    async drawings(scheduleId: string): Promise<SeatDrawing[]> {
      const { rows } = await db.raw<{ rows: SeatDrawing[] }>(
        `SELECT id AS "seatId", zone, row, number, grade, x, y, accessible
         FROM seats WHERE schedule_id = ? ORDER BY position`,
        [scheduleId],
      );
      return rows;
    },

    /**
     * One letter for each seat in the order of the plan: Available, Held, Sold or Blocked. It is one string, because
     * thousands of rows would cost more to transfer than to read.
     *
     * Every allocation has its seat, but the query uses a full join, because Postgres can only hash or merge it. For a
     * sale that has just begun, Postgres has no statistics and assumes almost no sold seats. With another join it would
     * compare each seat with each sold one.
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

    /** The schedule of each seat. Unknown seats are missing. */
    async schedulesOf(seatIds: readonly string[]): Promise<Map<string, string>> {
      const { rows } = await db
        .raw<{ rows: { seatId: string; scheduleId: string }[] }>(
          'SELECT id AS "seatId", schedule_id AS "scheduleId" FROM seats WHERE id = ANY(:seatIds)',
          { seatIds: [...seatIds] },
        )
        .options({ name: 'schedules-of-seats' });
      return new Map(rows.map(({ seatId, scheduleId }) => [seatId, scheduleId]));
    },

    /**
     * Locks these seats until the transaction ends, so that no hold can allocate them: the foreign key of an allocation
     * takes a lock that waits for this one.
     *
     * @returns the seats that belong to the schedule, and for each whether it is taken and whether it has a price
     */
    async lock(scheduleId: string, seatIds: readonly string[]): Promise<LockedSeat[]> {
      await db('seats')
        .where({ schedule_id: scheduleId })
        .whereIn('id', seatIds)
        .orderBy('position')
        .forUpdate()
        .select('id');
      // A separate statement: it sees what was committed while the first one waited for the lock.
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
