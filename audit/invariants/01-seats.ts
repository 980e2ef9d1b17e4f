import { faultsOf, type Snapshot } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';
import { faultsOfClaims } from './claims';

/**
 * Invariant 1: at most one live allocation for each seat; available + held + sold + blocked = capacity; and what is
 * claimed in Redis is claimed for the owner.
 */
export async function seats({ snapshot, redis }: Evidence): Promise<string[]> {
  return [...(await seatRows(snapshot)), ...(await faultsOfClaims(snapshot, redis))];
}

export const seatRows = async (snapshot: Snapshot): Promise<string[]> => faultsOf(snapshot, SEATS);

/** Every seat is in exactly one state. Each statement finds the seats that are in no state, or in two. */
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
