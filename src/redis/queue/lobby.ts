import type { Redis, Result } from 'ioredis';
import { clockArgument, roomKey, type Clock } from './room';

/** The draw of a room: who enters before the sale opens stands in the lobby until it is held. */
export interface RoomDraw {
  /** From then on the lobby takes nobody in. */
  opensAt: Date;
  /** Postgres knows that the line stands; where Redis has lost its data since, nobody waits for the draw. */
  done: boolean;
}

/** What the opening of a sale does to the lobby. Every step may run twice, and beside itself. */
export interface Lobby {
  /** Takes nobody in from now on, also where Redis's clock is behind. @returns how many are in it */
  close(room: string): Promise<number>;
  /** Who is in it: by entry, the user. */
  entries(room: string): Promise<Map<string, string>>;
  /**
   * Moves whoever is still in the lobby to the front of the line, in the order of the entries, and then lets the
   * line move. An entry that is not in the lobby any more is passed over.
   */
  lineUp(room: string, order: readonly string[]): Promise<void>;
}

/**
 * A part of the queue's script, for rooms with a draw; it says what the draw changes there, and may answer by
 * itself. Until the draw is done, who is in the lobby has no position, nobody is admitted, nobody's silence
 * counts, and who came later stands behind the whole lobby. From the draw on silence counts from then.
 *
 * The drawn have numbers up to 0, and those who came later have them from 1. As the drawn are moved in their
 * order, each in one step from the lobby to the line, no position ever grows.
 */
export const LOBBY_STEP = `
local drawnAt, isGated = 0, false
if opensAt > 0 then
  local marks = redis.call('HMGET', draw, 'closed', 'drawn')
  drawnAt = tonumber(marks[2] or 0)
  isGated = drawnAt == 0 and not drawIsDone
  if isGated then
    local isOpen = now < opensAt and not marks[1]
    local entry = redis.call('HGET', lobby, user)
    if isOpen and not entry and (command == 'enter' or not known) then
      -- A new entry; or one that was lost with Redis's data.
      entry = placeId
      redis.call('HSET', lobby, user, entry)
    end
    if entry and (command == 'enter' or entry == placeId) then
      redis.call('SET', place, entry, 'PX', memoryMs)
      return {'LOBBY', entry, 0}
    end
    if entry or isOpen then return {'ENDED'} end
    maxActive = 0
  end
  if isGated or now < drawnAt + silenceMs then silentUntil = -1 end
end`;

/**
 * KEYS: lobby (user → entry), waiting, seen. ARGV: the first one's number in line, then entry and user of each.
 * Nobody of them has been heard of since the draw.
 */
const MOVE = `
local lobby, waiting, seen = KEYS[1], KEYS[2], KEYS[3]
for i = 2, #ARGV, 2 do
  local entry, user = ARGV[i], ARGV[i + 1]
  if redis.call('HGET', lobby, user) == entry then
    redis.call('HDEL', lobby, user)
    redis.call('ZADD', waiting, ARGV[1] + (i - 2) / 2, user)
    redis.call('ZADD', seen, 0, user)
  end
end
return 0`;

/** KEYS: draw. ARGV: the clock or ''. The first call decides. */
const OPEN = `
local time = redis.call('TIME')
redis.call('HSETNX', KEYS[1], 'drawn', tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000))
return 0`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    moveFromLobby(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
    openRoom(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/** One call takes some milliseconds, in which Redis answers nobody else. */
const BATCH = 500;

/** @param clock for tests; left out, Redis's own */
export function createLobby(redis: Redis, clock?: Clock): Lobby {
  redis.defineCommand('moveFromLobby', { lua: MOVE });
  redis.defineCommand('openRoom', { lua: OPEN });

  const entries = async (room: string): Promise<Map<string, string>> => {
    const userOf = new Map<string, string>();
    let cursor = '0';
    do {
      const [next, fields] = await redis.hscan(roomKey(room, 'lobby'), cursor, 'COUNT', 1_000);
      for (let i = 0; i + 1 < fields.length; i += 2) userOf.set(fields[i + 1] ?? '', fields[i] ?? '');
      cursor = next;
    } while (cursor !== '0');
    return userOf;
  };

  return {
    async close(room) {
      await redis.hsetnx(roomKey(room, 'draw'), 'closed', 1);
      return redis.hlen(roomKey(room, 'lobby'));
    },

    entries,

    async lineUp(room, order) {
      const userOf = await entries(room);
      const keys = [roomKey(room, 'lobby'), roomKey(room, 'waiting'), roomKey(room, 'seen')];
      for (let start = 0; start < order.length; start += BATCH) {
        const batch = order.slice(start, start + BATCH);
        const people = batch.flatMap((entry) => [entry, userOf.get(entry) ?? '']);
        const first = start + 1 - order.length;
        await redis.moveFromLobby(keys.length, ...keys, first, ...people);
      }
      await redis.openRoom(1, roomKey(room, 'draw'), clockArgument(clock));
    },
  };
}
