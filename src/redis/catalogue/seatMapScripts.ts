import type { Redis, Result } from 'ioredis';

/** The data of a map survives a pause in the traffic and then expires. After that, versions come from the clock again. */
const TTL_MS = 24 * 60 * 60 * 1000;

/**
 * The number of versions from which a client can resume. Live seats ask for at most four versions a second, so this is
 * about four minutes.
 */
const LOGGED_VERSIONS = 1_000;

/** If one version has more changes than this, the log starts again. Then the list of all seats is just as short. */
const LOGGED_CHANGES = 1_000;

/** The number of seats that are compared at once, so that a few changes among 15,000 seats take few steps. */
const CHUNK = 64;

/**
 * Marks and versions are microseconds of Redis's clock, and greater than the last one if there is one. So no value is
 * used again, even after a loss of all data. A Lua number holds them exactly (below 2^53).
 */
const NEXT = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function after(last)
  return string.format('%.0f', math.max(now(), (tonumber(last) or 0) + 1))
end
`;

/** KEYS: mark. ARGV: channel. It sets the mark first, so that a process that gets the message finds the new mark. */
const BUMP = `${NEXT}
redis.call('SET', KEYS[1], after(redis.call('GET', KEYS[1])), 'PX', ${TTL_MS})
return redis.call('PUBLISH', ARGV[1], '')`;

/**
 * KEYS: mark, kept. ARGV: the version that the caller has, the microseconds for which statuses are trusted. Returns the
 * mark, the version, the statuses (empty if the caller has them) and their age. A missing value is false.
 */
const READ = `${NEXT}
local mark = redis.call('GET', KEYS[1]) or '0'
local kept = redis.call('HMGET', KEYS[2], 'mark', 'version', 'loaded')
if kept[1] ~= mark or tonumber(kept[2]) < tonumber(ARGV[1]) then return {mark, false, false, 0} end
local age = now() - tonumber(kept[3])
if age >= tonumber(ARGV[2]) then return {mark, false, false, 0} end
return {mark, kept[2], kept[2] == ARGV[1] and '' or redis.call('HGET', KEYS[2], 'statuses'), age}`;

/**
 * '12S40A': the position and the new letter of every seat that differs. false if the two lists are not of the same
 * seats.
 */
const DIFFERENCE = `
local function difference(before, after)
  if not before or #before ~= #after then return false, 0 end
  local changes = {}
  for start = 1, #after, ${CHUNK} do
    if string.sub(before, start, start + ${CHUNK - 1}) ~= string.sub(after, start, start + ${CHUNK - 1}) then
      for at = start, math.min(start + ${CHUNK - 1}, #after) do
        local letter = string.sub(after, at, at)
        if letter ~= string.sub(before, at, at) then changes[#changes + 1] = (at - 1) .. letter end
      end
    end
  end
  return table.concat(changes), #changes
end
`;

/**
 * KEYS: mark, kept, log. ARGV: the mark that was read before the load, the statuses, the version that the caller had,
 * the age in microseconds. Returns the version, and the statuses if they are not the given ones.
 *
 * Every version is in the log with its difference to the version before, or it starts the log. Statuses that were
 * loaded before a change was announced never replace statuses that were loaded after it.
 */
const PUBLISH = `${NEXT}${DIFFERENCE}
local mark = redis.call('GET', KEYS[1]) or '0'
local kept = redis.call('HMGET', KEYS[2], 'mark', 'version', 'statuses')
local version, known = kept[2], tonumber(ARGV[3])
local isBehind = version and tonumber(version) < known
if version and not isBehind and mark ~= ARGV[1] and tonumber(kept[1]) > tonumber(ARGV[1]) then
  return {version, kept[3]}
end
if isBehind or kept[3] ~= ARGV[2] then
  local changes, count = difference(kept[3], ARGV[2])
  version = after(math.max(tonumber(version) or 0, known))
  if not changes or count > ${LOGGED_CHANGES} then
    redis.call('DEL', KEYS[3])
    changes = ''
  end
  redis.call('XADD', KEYS[3], 'MAXLEN', ${LOGGED_VERSIONS}, version .. '-0', 'changes', changes)
end
local loaded = string.format('%.0f', now() - ARGV[4])
redis.call('HSET', KEYS[2], 'mark', ARGV[1], 'version', version, 'statuses', ARGV[2], 'loaded', loaded)
redis.call('PEXPIRE', KEYS[2], ${TTL_MS})
redis.call('PEXPIRE', KEYS[3], ${TTL_MS})
return {version, false}`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    bumpSeatMap(mark: string, channel: string): Result<number, Context>;
    readSeatMap(
      mark: string,
      kept: string,
      knownVersion: string,
      trustedMicroseconds: number,
    ): Result<[string, string | null, string | null, number], Context>;
    publishSeatMap(
      mark: string,
      kept: string,
      log: string,
      readMark: string,
      statuses: string,
      knownVersion: string,
      ageMicroseconds: number,
    ): Result<[string, string | null], Context>;
  }
}

/** Each script runs as one step of Redis, in one round trip, in the one slot of a schedule's keys. */
export function defineSeatMapScripts(redis: Redis): void {
  redis.defineCommand('bumpSeatMap', { lua: BUMP, numberOfKeys: 1 });
  redis.defineCommand('readSeatMap', { lua: READ, numberOfKeys: 2 });
  redis.defineCommand('publishSeatMap', { lua: PUBLISH, numberOfKeys: 3 });
}
