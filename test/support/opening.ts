import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { WaitingRoom } from '../../src/domain/queue/waitingRoom';
import { createDrawStore } from '../../src/db/openings/drawStore';
import { createSale } from './factories';

export const HOUR_MS = 60 * 60 * 1_000;

/** A schedule with a room of its own that is still to open, and with it the commitment to a seed. */
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
  // A commitment is made before the opening; it may be moved into the past afterwards, as time would do.
  const { scheduleId } = await createSale(owner, { saleOpensAt: new Date(Date.now() + HOUR_MS) });
  await owner('schedules').where({ id: scheduleId }).update({ waiting_room: waitingRoom });
  await createDrawStore(owner).commit(scheduleId);
  await owner('schedules').where({ id: scheduleId }).update({ sale_opens_at: saleOpensAt });
  return { scheduleId, saleOpensAt, waitingRoom };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The order that anyone recomputes: by SHA-256 of seed and entry, as text. */
export function orderOf(seed: string, entries: readonly string[]): string[] {
  return entries
    .map((entry) => ({ entry, key: sha256(seed + entry) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ entry }) => entry);
}
