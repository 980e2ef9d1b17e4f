import type { Redis } from 'ioredis';
import type { RoomLimits } from '../evidence/rooms';

/** Of Redis: no account both waits and is admitted, and no more are admitted than the room has places. */
export async function faultsOfRooms(redis: Redis, rooms: readonly RoomLimits[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { room, maxActive } of [...rooms, { room: 'service', maxActive: Infinity }]) {
    const waiting = new Set(await redis.zrange(`queue:{${room}}:waiting`, '0', '-1'));
    const active = await redis.zrangebyscore(`queue:{${room}}:active`, Date.now(), '+inf');
    if (active.length > maxActive)
      faults.push(`room ${room} has room for ${maxActive} and ${active.length} are in`);
    for (const user of active.filter((name) => waiting.has(name))) {
      faults.push(`user ${user} both waits for room ${room} and is in`);
    }
  }
  return faults;
}
