import { faultsOf } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';

/** Invariant 11: every sold seat has one valid ticket, and every valid ticket a sold seat. */
export const tickets = async ({ snapshot }: Evidence): Promise<string[]> => faultsOf(snapshot, TICKETS);

const TICKETS = `
  SELECT 'seat ' || coalesce(tickets.seat_id, sold.seat_id) || ' has a ticket without a sale, or a sale without' AS what
  FROM (SELECT * FROM tickets WHERE status <> 'VOID') AS tickets
  FULL JOIN (SELECT * FROM allocations WHERE sold_at IS NOT NULL AND released_at IS NULL) AS sold
    USING (reservation_id, seat_id)
  WHERE tickets.id IS NULL OR sold.reservation_id IS NULL
  UNION ALL
  SELECT 'seat ' || seat_id || ' has ' || count(*) || ' valid tickets'
  FROM tickets WHERE status <> 'VOID' GROUP BY seat_id HAVING count(*) > 1`;
