import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { PlannedSeat } from '../domain/seatingPlan/seats';

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

export type SeatStore = ReturnType<typeof createSeatStore>;

/** The seats of schedules. Given a transaction, all of it happens in that transaction. */
export function createSeatStore(db: Knex) {
  return {
    /**
     * All seats of a new schedule in one statement. Their ids grow in the plan's order, which keeps a
     * schedule's rows and index entries together.
     */
    async insertAll(scheduleId: string, seats: readonly PlannedSeat[]): Promise<void> {
      const rows = seats.map(({ zone, row, number, category: grade, x, y, accessible }, position) => ({
        id: newId(),
        position,
        zone,
        row,
        number,
        grade,
        x,
        y,
        accessible,
      }));
      await db.raw(
        `INSERT INTO seats (schedule_id, id, position, zone, row, number, grade, x, y, accessible)
         SELECT ?, seat.*
         FROM jsonb_to_recordset(?::jsonb) AS seat
           (id uuid, position int, zone text, row text, number text, grade text, x real, y real,
            accessible boolean)`,
        [scheduleId, JSON.stringify(rows)],
      );
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
     * @returns the seats that belong to the schedule, each with whether somebody has it
     */
    async lock(
      scheduleId: string,
      seatIds: readonly string[],
    ): Promise<{ seatId: string; taken: boolean }[]> {
      await db('seats')
        .where({ schedule_id: scheduleId })
        .whereIn('id', seatIds)
        .orderBy('position')
        .forUpdate()
        .select('id');
      // A statement of its own: it sees what was committed while the lock was waited for.
      const { rows } = await db.raw<{ rows: { seatId: string; taken: boolean }[] }>(
        `SELECT seat.id AS "seatId",
                EXISTS (SELECT FROM allocations WHERE seat_id = seat.id AND released_at IS NULL) AS taken
         FROM seats AS seat
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
