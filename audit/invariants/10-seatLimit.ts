import { faultsOf } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';

/** Invariant 10: no user has more seats of a schedule than its limit, also after parallel requests. */
export const seatLimit = async ({ snapshot }: Evidence): Promise<string[]> => faultsOf(snapshot, LIMITS);

const LIMITS = `
  SELECT 'user ' || user_id || ' has ' || count(*) || ' seats of schedule ' || schedule_id
      || ', which allows ' || max_seats_per_user AS what
  FROM allocations JOIN schedules ON schedules.id = schedule_id
  WHERE released_at IS NULL
  GROUP BY user_id, schedule_id, max_seats_per_user HAVING count(*) > max_seats_per_user`;
