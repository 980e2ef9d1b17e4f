import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Snapshot } from './database';
import type { Fault } from './fault';
import type { RoomLimits } from './queue';

export async function readRooms(snapshot: Snapshot): Promise<RoomLimits[]> {
  return snapshot.read(
    `SELECT id::text AS room, (waiting_room->>'admitPerSecond')::float8 AS "admitPerSecond",
            (waiting_room->>'maxActive')::int AS "maxActive"
     FROM schedules WHERE waiting_room IS NOT NULL`,
    z.object({ room: z.string(), admitPerSecond: z.number(), maxActive: z.number() }),
  );
}

/** Invariant 9, as far as Redis tells: nobody both waits and is in, and no more are in than there is room for. */
export async function faultsOfRooms(redis: Redis, rooms: readonly RoomLimits[]): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { room, maxActive } of [...rooms, { room: 'service', maxActive: Infinity }]) {
    const waiting = new Set(await redis.zrange(`queue:{${room}}:waiting`, '0', '-1'));
    const active = await redis.zrangebyscore(`queue:{${room}}:active`, Date.now(), '+inf');
    if (active.length > maxActive) {
      faults.push({
        invariant: 9,
        what: `room ${room} has room for ${maxActive} and ${active.length} are in`,
      });
    }
    for (const user of active.filter((name) => waiting.has(name))) {
      faults.push({ invariant: 9, what: `user ${user} both waits for room ${room} and is in` });
    }
  }
  return faults;
}
