import { z } from 'zod';
import type { Snapshot } from './database';
import type { Fault } from './fault';
import type { Log } from './told';

/**
 * Invariant 2: no two clients ever saw CONFIRMED for one seat, and no confirmed answer is ever lost. Only a
 * reservation that was cancelled since may leave its seat to another.
 */
export async function faultsOfConfirmations(snapshot: Snapshot, { held, confirmed }: Log): Promise<Fault[]> {
  const rows = await snapshot.read(SOLD, soldSchema);
  const known = new Map(rows.map((row) => [row.id, row]));
  const faults: Fault[] = [];
  const fault = (what: string): void => void faults.push({ invariant: 2, what });
  const buyers = new Map<string, string>();
  for (const { reservation, seats } of confirmed) {
    const row = known.get(reservation);
    if (row?.status === 'CANCELLED') continue;
    for (const seat of seats) {
      const other = buyers.get(seat);
      if (other !== undefined && other !== reservation) {
        fault(`seat ${seat} was told as confirmed to reservations ${other} and ${reservation}`);
      }
      buyers.set(seat, reservation);
    }
    if (row?.status !== 'CONFIRMED') {
      fault(`reservation ${reservation} was told as CONFIRMED and is ${row?.status ?? 'unknown'}`);
    } else if (row.seats.toSorted().join() !== seats.toSorted().join()) {
      fault(`reservation ${reservation} was told seats ${seats.join()} and has ${row.seats.join()}`);
    }
  }
  for (const { reservation } of held) {
    if (!known.has(reservation)) fault(`reservation ${reservation} was told as HELD and is unknown`);
  }
  return faults;
}

const soldSchema = z.object({ id: z.string(), status: z.string(), seats: z.array(z.string()) });

const SOLD = `
  SELECT id, status,
         coalesce(array_agg(seat_id::text) FILTER (WHERE sold_at IS NOT NULL AND released_at IS NULL), '{}') AS seats
  FROM reservations LEFT JOIN allocations ON reservation_id = id GROUP BY id`;
