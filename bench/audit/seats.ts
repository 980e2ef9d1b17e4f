import { z } from 'zod';
import type { Snapshot } from './database';
import type { Fault } from './fault';

/**
 * Invariant 1: at most one live allocation for each seat, and available + held + sold + blocked = capacity.
 * Invariant 10: nobody has more seats of a schedule than its limit.
 */
export async function faultsOfSeats(snapshot: Snapshot): Promise<Fault[]> {
  const rows = z.object({ what: z.string() });
  const seats = await snapshot.read(SEATS, rows);
  const limits = await snapshot.read(LIMITS, rows);
  return [
    ...seats.map(({ what }): Fault => ({ invariant: 1, what })),
    ...limits.map(({ what }): Fault => ({ invariant: 10, what })),
  ];
}

/** Every seat is in one state: each statement finds those that are in none, or in two. */
const SEATS = `
  SELECT 'seat ' || seat_id || ' has ' || count(*) || ' live allocations' AS what
  FROM allocations WHERE released_at IS NULL GROUP BY seat_id HAVING count(*) > 1
  UNION ALL
  SELECT 'schedule ' || schedules.id || ' has ' || count(seats.id) || ' seats and a capacity of ' || seats_total
  FROM schedules LEFT JOIN seats ON seats.schedule_id = schedules.id
  GROUP BY schedules.id HAVING count(seats.id) <> seats_total
  UNION ALL
  SELECT 'seat ' || seats.id || ' is blocked, and reservation ' || reservation_id || ' has it'
  FROM seats JOIN allocations ON seat_id = seats.id AND released_at IS NULL WHERE blocked
  UNION ALL
  SELECT 'seat ' || seats.id || ' is of schedule ' || seats.schedule_id || ', and was given out for another'
  FROM allocations JOIN seats ON seats.id = seat_id WHERE seats.schedule_id <> allocations.schedule_id
  UNION ALL
  SELECT 'seat ' || seat_id || ' is ' || CASE WHEN sold_at IS NULL THEN 'held' ELSE 'sold' END
      || ' by reservation ' || id || ', which is ' || status
  FROM allocations JOIN reservations ON id = reservation_id
  WHERE released_at IS NULL
    AND (CASE WHEN sold_at IS NULL THEN status NOT IN ('HELD', 'PAYING', 'SETTLING') ELSE status <> 'CONFIRMED' END)
  UNION ALL
  SELECT 'reservation ' || id || ' is ' || status || ' and has no seat'
  FROM reservations LEFT JOIN allocations ON reservation_id = id AND released_at IS NULL
  WHERE status IN ('HELD', 'PAYING', 'SETTLING', 'CONFIRMED') AND seat_id IS NULL`;

const LIMITS = `
  SELECT 'user ' || user_id || ' has ' || count(*) || ' seats of schedule ' || schedule_id
      || ', which allows ' || max_seats_per_user AS what
  FROM allocations JOIN schedules ON schedules.id = schedule_id
  WHERE released_at IS NULL
  GROUP BY user_id, schedule_id, max_seats_per_user HAVING count(*) > max_seats_per_user`;
