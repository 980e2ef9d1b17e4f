import type { Redis, Result } from 'ioredis';
import type { BestEffort } from './bestEffort';

/** Versions outlive a pause in the traffic, then go; a new one is seeded from the clock and is always greater. */
const VERSION_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * The version of a schedule's seat map, seeded with the time in microseconds where there is none: after a
 * loss of Redis it is greater than any that was given before, so no version ever names two contents.
 */
const VERSION = `
local function version(key)
  local current = redis.call('GET', key)
  if current then return current end
  local time = redis.call('TIME')
  current = string.format('%.0f', time[1] * 1000000 + time[2])
  redis.call('SET', key, current, 'PX', ${VERSION_TTL_MS})
  return current
end
`;

/** KEYS: version, statuses. Returns the version and the statuses that are kept under it, if any. */
const READ = `${VERSION}
local current = version(KEYS[1])
local kept = redis.call('GET', KEYS[2])
if kept and string.sub(kept, 1, #current + 1) == current .. ':' then
  return {current, string.sub(kept, #current + 2)}
end
return {current, false}`;

/** KEYS: version. Where there is none, nothing is kept under it either. */
const BUMP = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('INCR', KEYS[1])
  redis.call('PEXPIRE', KEYS[1], ${VERSION_TTL_MS})
end
return 1`;

/**
 * KEYS: version, statuses, digest. ARGV: the version read before the load, statuses, milliseconds to keep.
 * Returns the version of these statuses. A version that already named other statuses shows that a bump was
 * lost, and is made up for here.
 */
const PUBLISH = `
local current = redis.call('GET', KEYS[1])
if current ~= ARGV[1] then return ARGV[1] end
local digest = redis.sha1hex(ARGV[2])
local known = redis.call('GET', KEYS[3])
if known and string.sub(known, 1, #current + 1) == current .. ':' and known ~= current .. ':' .. digest then
  redis.call('INCR', KEYS[1])
  current = redis.call('GET', KEYS[1])
end
redis.call('PEXPIRE', KEYS[1], ${VERSION_TTL_MS})
redis.call('SET', KEYS[3], current .. ':' .. digest, 'PX', ${VERSION_TTL_MS})
redis.call('SET', KEYS[2], current .. ':' .. ARGV[2], 'PX', ARGV[3])
return current`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    readSeatMap(version: string, statuses: string): Result<[string, string | null], Context>;
    bumpSeatMap(version: string): Result<number, Context>;
    publishSeatMap(
      version: string,
      statuses: string,
      digest: string,
      readVersion: string,
      content: string,
      keepMs: number,
    ): Result<string, Context>;
  }
}

/** Statuses of a schedule's seats, one letter a seat, shared by all processes for a moment. */
export interface SeatMapCache {
  /** After every commit that changes a seat. Never throws; a lost bump heals when the statuses run out. */
  bump(scheduleId: string): Promise<boolean>;
  /** The version alone; undefined with Redis down. */
  version(scheduleId: string): Promise<number | undefined>;
  /** undefined with Redis down. */
  read(scheduleId: string): Promise<{ version: number; statuses: string | null } | undefined>;
  /**
   * Keeps statuses that were loaded after `readVersion` was read.
   *
   * @returns the version that names them; undefined with Redis down
   */
  publish(
    scheduleId: string,
    readVersion: number,
    statuses: string,
    keepMs: number,
  ): Promise<number | undefined>;
}

export function createSeatMapCache(redis: Redis, attempt: BestEffort): SeatMapCache {
  redis.defineCommand('readSeatMap', { lua: READ, numberOfKeys: 2 });
  redis.defineCommand('bumpSeatMap', { lua: BUMP, numberOfKeys: 1 });
  redis.defineCommand('publishSeatMap', { lua: PUBLISH, numberOfKeys: 3 });

  return {
    async bump(scheduleId) {
      return (await attempt((client) => client.bumpSeatMap(versionKey(scheduleId)))) !== undefined;
    },

    async version(scheduleId) {
      const version = await attempt((client) => client.get(versionKey(scheduleId)));
      return version === undefined ? undefined : Number(version);
    },

    async read(scheduleId) {
      const found = await attempt((client) =>
        client.readSeatMap(versionKey(scheduleId), statusesKey(scheduleId)),
      );
      return found && { version: Number(found[0]), statuses: found[1] };
    },

    async publish(scheduleId, readVersion, statuses, keepMs) {
      const version = await attempt((client) =>
        client.publishSeatMap(
          versionKey(scheduleId),
          statusesKey(scheduleId),
          `{${scheduleId}}:seats:digest`,
          String(readVersion),
          statuses,
          keepMs,
        ),
      );
      return version === undefined ? undefined : Number(version);
    },
  };
}

const versionKey = (scheduleId: string): string => `{${scheduleId}}:seats:version`;
const statusesKey = (scheduleId: string): string => `{${scheduleId}}:seats:statuses`;
