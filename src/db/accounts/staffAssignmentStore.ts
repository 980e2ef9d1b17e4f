import type { Knex } from 'knex';
import { Problem } from '../../domain/problems';

/** Where a staff account may check in. Without any venue and schedule it may check in everywhere. */
export interface Assignments {
  venueIds: readonly string[];
  scheduleIds: readonly string[];
}

export type StaffAssignmentStore = ReturnType<typeof createStaffAssignmentStore>;

/** If `db` is a transaction, all statements run in it. */
export function createStaffAssignmentStore(db: Knex) {
  return {
    /** The ids of the assigned venues and schedules. */
    async find(userId: string): Promise<Assignments> {
      const { rows } = await db.raw<{ rows: Assignments[] }>(
        `SELECT coalesce(array_agg(venue_id ORDER BY venue_id) FILTER (WHERE venue_id IS NOT NULL), '{}')
                  AS "venueIds",
                coalesce(array_agg(schedule_id ORDER BY schedule_id) FILTER (WHERE schedule_id IS NOT NULL), '{}')
                  AS "scheduleIds"
         FROM staff_assignments WHERE user_id = ?`,
        [userId],
      );
      return rows[0] ?? { venueIds: [], scheduleIds: [] };
    },

    /**
     * Replaces the existing assignments. Must run in a transaction.
     *
     * @throws {Problem} venue-not-found, schedule-not-found
     */
    async replace(userId: string, { venueIds, scheduleIds }: Assignments): Promise<void> {
      // Changes run one after the other, so the last one takes effect as a whole.
      await db('users').where({ id: userId }).forUpdate().select('id');
      await db('staff_assignments').where({ user_id: userId }).delete();
      const venues = await db.raw<{ rowCount: number }>(
        'INSERT INTO staff_assignments (user_id, venue_id) SELECT ?, id FROM venues WHERE id = ANY(?)',
        [userId, [...venueIds]],
      );
      if (venues.rowCount < new Set(venueIds).size)
        throw new Problem('venue-not-found', 'There is no such venue.');
      const schedules = await db.raw<{ rowCount: number }>(
        'INSERT INTO staff_assignments (user_id, schedule_id) SELECT ?, id FROM schedules WHERE id = ANY(?)',
        [userId, [...scheduleIds]],
      );
      if (schedules.rowCount < new Set(scheduleIds).size) {
        throw new Problem('schedule-not-found', 'There is no such schedule.');
      }
    },

    /**
     * Whether a staff account may check in for a schedule: the schedule or its venue is assigned, or nothing is
     * assigned.
     */
    async mayCheckIn(userId: string, scheduleId: string): Promise<boolean> {
      const { rows } = await db.raw<{ rows: { may: boolean }[] }>(
        `SELECT coalesce(bool_or(assigned.schedule_id IS NOT DISTINCT FROM schedule.id
                                 OR assigned.venue_id IS NOT DISTINCT FROM schedule.venue_id), true) AS may
         FROM staff_assignments AS assigned CROSS JOIN schedules AS schedule
         WHERE assigned.user_id = ? AND schedule.id = ?`,
        [userId, scheduleId],
      );
      return rows[0]?.may ?? true;
    },
  };
}
