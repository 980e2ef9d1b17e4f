import { z } from 'zod';
import type { Evidence } from '../evidence/evidence';

/**
 * Invariant 2: no two clients ever saw CONFIRMED for one seat, and no confirmed answer is ever lost. Only a
 * seat that was cancelled since may go to another.
 */
export async function confirmations({ snapshot, clients: { held, confirmed } }: Evidence): Promise<string[]> {
  const rows = await snapshot.read(SOLD, soldSchema);
  const known = new Map(rows.map((row) => [row.id, row]));
  const faults: string[] = [];
  const fault = (what: string): void => void faults.push(what);
  const buyers = new Map<string, string>();
  for (const { reservation, seats: all } of confirmed) {
    const row = known.get(reservation);
    if (row?.status === 'CANCELLED') continue;
    const seats = all.filter((seat) => !row?.cancelled.includes(seat));
    for (const seat of seats) {
      const other = buyers.get(seat);
      if (other !== undefined && other !== reservation) {
        fault(`seat ${seat} was confirmed for reservations ${other} and ${reservation}`);
      }
      buyers.set(seat, reservation);
    }
    if (row?.status !== 'CONFIRMED') {
      fault(`reservation ${reservation} is ${row?.status ?? 'unknown'}, but a client saw it as CONFIRMED`);
    } else if (row.seats.toSorted().join() !== seats.toSorted().join()) {
      fault(`reservation ${reservation} has seats ${row.seats.join()}, but a client saw ${seats.join()}`);
    }
  }
  for (const { reservation } of held) {
    if (!known.has(reservation)) fault(`reservation ${reservation} is unknown, but a client saw it as HELD`);
  }
  return faults;
}

const soldSchema = z.object({
  id: z.string(),
  status: z.string(),
  seats: z.array(z.string()),
  cancelled: z.array(z.string()),
});

const SOLD = `
  SELECT id, status,
         coalesce(array_agg(seat_id::text) FILTER (WHERE sold_at IS NOT NULL AND released_at IS NULL), '{}') AS seats,
         coalesce((SELECT array_agg(seat::text) FROM cancellations, unnest(seat_ids) AS seat
                   WHERE cancellations.reservation_id = reservations.id), '{}') AS cancelled
  FROM reservations LEFT JOIN allocations ON reservation_id = id GROUP BY id`;
