import type { Knex } from 'knex';
import type { Crowd } from './crowd';

/** Holds that a client was granted, and that lost a seat before their time, in words. */
export async function brokenPromises(db: Knex, { wishes }: Crowd): Promise<string[]> {
  const broken: string[] = [];
  for (const { promised } of wishes) {
    if (!promised) continue;
    const rows = await db('allocations')
      .where({ reservation_id: promised.reservationId })
      .select<{ seat_id: string; released_at: Date | null }[]>('seat_id', 'released_at');
    const end = promised.releasedAt ?? Date.parse(promised.expiresAt);
    const kept = rows.filter(({ released_at: at }) => at === null || at.getTime() >= end);
    if (kept.length !== promised.seatIds.length)
      broken.push(`${JSON.stringify(promised)} lost a seat before its time: ${JSON.stringify(rows)}`);
  }
  return broken;
}

/** The ids of holds that no client knows, although each client asked until its response was final. */
export async function unknownHolds(db: Knex, { wishes }: Crowd): Promise<string[]> {
  const known = new Set(wishes.map(({ promised }) => promised?.reservationId));
  const rows = await db('reservations').select<{ id: string }[]>('id');
  return rows.map(({ id }) => id).filter((id) => !known.has(id));
}

/** The rows of reservations whose seats are held at the moment. */
export async function openRows(db: Knex): Promise<unknown[]> {
  return db('reservations')
    .whereIn('status', ['HELD', 'PAYING', 'SETTLING'])
    .select('id', 'status', 'expires_at');
}
