import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { WaitingRoom } from '../../src/domain/queue/waitingRoom';
import { createDrawStore } from '../../src/db/openings/drawStore';
import { createSale } from './factories';

export const HOUR_MS = 60 * 60 * 1_000;

/** A schedule with its own waiting room that has not opened yet, and the commitment to a seed. */
export async function announceSale(
  owner: Knex,
  {
    saleOpensAt = new Date(Date.now() + HOUR_MS),
    waitingRoom = { admitPerSecond: 100, maxActive: 5 },
  }: {
    saleOpensAt?: Date;
    waitingRoom?: WaitingRoom;
  } = {},
): Promise<{ scheduleId: string; saleOpensAt: Date; waitingRoom: WaitingRoom }> {
  // A commitment is made before the opening. The opening may be moved into the past afterwards, as if time had
  // passed.
  const { scheduleId } = await createSale(owner, { saleOpensAt: new Date(Date.now() + HOUR_MS) });
  await owner('schedules').where({ id: scheduleId }).update({ waiting_room: waitingRoom });
  await createDrawStore(owner).commit(scheduleId);
  await owner('schedules').where({ id: scheduleId }).update({ sale_opens_at: saleOpensAt });
  return { scheduleId, saleOpensAt, waitingRoom };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The order that anyone can recompute: by SHA-256 of the seed and the entry, as text. */
export function orderOf(seed: string, entries: readonly string[]): string[] {
  return entries
    .map((entry) => ({ entry, key: sha256(seed + entry) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ entry }) => entry);
}
