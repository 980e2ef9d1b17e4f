import type { Redis, Result } from 'ioredis';
import { clockArgument, roomKey, type Clock } from './room';

/** The draw of a room. A client that enters before the sale opens is in the lobby until the draw. */
export interface RoomDraw {
  /** From then on the lobby accepts no new client. */
  opensAt: Date;
  /**
   * Postgres has recorded that the line is complete. Then no client waits for the draw, even if Redis has lost its
   * data.
   */
  done: boolean;
}

/** The steps of the opening of a sale in the lobby. Every step may run twice, and in parallel with itself. */
export interface Lobby {
  /**
   * Closes the lobby to new clients now, even if Redis's clock is behind.
   *
   * @returns the number of clients in it
   */
  close(room: string): Promise<number>;
  /** The entries in the lobby: the user of each entry. */
  entries(room: string): Promise<Map<string, string>>;
  /**
   * Moves the clients that are still in the lobby to the front of the line, in the order of the entries. Then it starts
   * the line. An entry that is no longer in the lobby is skipped.
   */
  lineUp(room: string, order: readonly string[]): Promise<void>;
}

/**
 * A part of the queue's script, for rooms with a draw. It handles the differences of such rooms, and may return a
 * result itself.
 *
 * Until the draw is done:
 * - a client in the lobby has no position
 * - the room admits no client
 * - no client loses its place because it does not poll
 * - a client that enters after the opening is in line behind the whole lobby
 *
 * From the draw on, the time without a poll counts from the draw.
 *
 * Drawn clients have numbers up to 0, and clients that came later have numbers from 1. The drawn clients move in their
 * order, each in one step from the lobby to the line. So no position ever grows.
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
      -- A new entry, or one that was lost with Redis's data.
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
 * KEYS: lobby (user → entry), waiting, seen. ARGV: the first one's number in line, then the entry and the user of each.
 * None of these clients counts as having polled since the draw.
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

/** KEYS: draw. ARGV: the clock or ''. Only the first call has an effect. */
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

/** The entries of one call. A call takes some milliseconds, and Redis serves no other client meanwhile. */
const BATCH = 500;

/** @param clock for tests; if absent, the clock of Redis */
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
