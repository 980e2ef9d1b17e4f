import type { Redis } from 'ioredis';
import { z } from 'zod';
import { PACE_REASONS, type Pace } from '../../domain/queue/admissionPace';
import { SUPPLY_STATES, type SupplyState } from '../../domain/catalogue/seatSupply';
import { roomKey } from './room';

/** A room, as operators see it. */
export interface RoomOverview {
  room: string;
  pace: Pace | null;
  /** Null for a room that is not for one schedule. */
  supply: SupplyState | null;
  waiting: number;
  active: number;
}

export interface RoomPaces {
  read(room: string): Promise<RoomOverview>;
  /**
   * Sets the values that the script uses from now on.
   *
   * @param at the script's time of the step, from before anything was read
   * @param seats the free seats; null if the room is not for one schedule
   */
  write(
    room: string,
    at: number,
    pace: Pace,
    seats: { available: number; state: SupplyState } | null,
  ): Promise<void>;
  /** Rooms that ran a step within the last minute, the latest first, at most {@link MOST_ROOMS}. */
  latest(): Promise<RoomOverview[]>;
}

/** Limits the metric series and the work to compute them. */
const MOST_ROOMS = 100;
const LATEST_MS = 60_000;

/** When each room ran its last step. */
const ROOMS = 'queue:rooms';

const UNLIMITED = 'none';

const stored = z.tuple([
  z.union([z.literal(UNLIMITED), z.coerce.number()]).nullable(),
  z.enum(PACE_REASONS).nullable(),
  z.enum([...SUPPLY_STATES, '']).nullable(),
]);

/** The pace of each room, as the control last decided it. The script of the rooms reads it. */
export function createRoomPaces(redis: Redis): RoomPaces {
  const read = async (room: string): Promise<RoomOverview> => {
    const [values, waiting, active] = await Promise.all([
      redis.hmget(roomKey(room, 'pace'), 'limit', 'reason', 'supply'),
      redis.zcard(roomKey(room, 'waiting')),
      redis.zcard(roomKey(room, 'active')),
    ]);
    const [limit, reason, supply] = stored.parse(values);
    const pace = limit === null || !reason ? null : { rate: limit === UNLIMITED ? null : limit, reason };
    return { room, pace, supply: supply === '' ? null : supply, waiting, active };
  };

  return {
    read,
    async write(room, at, { rate, reason }, seats) {
      const fields = {
        limit: rate ?? UNLIMITED,
        reason,
        seats: seats?.available ?? 0,
        supply: seats?.state ?? '',
        pacedAt: at,
      };
      await Promise.all([redis.hset(roomKey(room, 'pace'), fields), redis.zadd(ROOMS, Date.now(), room)]);
    },
    async latest() {
      await redis.zremrangebyscore(ROOMS, '-inf', Date.now() - LATEST_MS);
      const rooms = await redis.zrevrange(ROOMS, 0, MOST_ROOMS - 1);
      return Promise.all(rooms.map(read));
    },
  };
}
