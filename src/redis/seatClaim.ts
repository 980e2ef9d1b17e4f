import type { Redis, Result } from 'ioredis';

/**
 * How long a claim lives before the hold is recorded. Long enough for a slow hold, short enough that an API
 * that dies between claim and start costs the seats seconds, not minutes.
 */
const LEASE_MS = 15_000;

/** A sold seat stays claimed this long, so that late comers are refused without asking Postgres. */
const SOLD_MS = 24 * 60 * 60 * 1000;

/** KEYS: one for each seat. ARGV: owner, milliseconds. Returns the 1-based places of seats others own. */
const CLAIM = `
local taken = {}
for i, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  if owner and owner ~= ARGV[1] then taken[#taken + 1] = i end
end
if #taken == 0 then
  for _, key in ipairs(KEYS) do
    -- The owner's own longer lock, from an earlier attempt, is never cut short.
    if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
  end
end
return taken`;

/** KEYS: one for each seat. ARGV: owner, milliseconds. Sets the lock's end where nobody else owns it. */
const KEEP = `
for _, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  if not owner or owner == ARGV[1] then redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
end
return 0`;

/** KEYS: one for each seat. ARGV: owner. A stale release must never free a newer owner's seat. */
const RELEASE = `
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 0`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    claimSeats(keyCount: number, ...args: (string | number)[]): Result<number[], Context>;
    keepSeats(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
    releaseSeats(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/** The fast guard before Postgres: it turns losers away, it never decides who owns a seat. */
export interface SeatClaim {
  /**
   * Claims all seats for a reservation or none, for {@link LEASE_MS}.
   *
   * @returns the seats that others own; empty when the claim was granted
   */
  claim(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<string[]>;
  /** Turns the lease into the hold's lock, which ends with the hold. */
  keepUntil(scheduleId: string, seatIds: readonly string[], reservationId: string, end: Date): Promise<void>;
  /** Keeps the claim of a sold seat. */
  keepSold(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<void>;
  /** Frees the seats that this reservation still owns, and no others. */
  release(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<void>;
}

export function createSeatClaim(redis: Redis): SeatClaim {
  redis.defineCommand('claimSeats', { lua: CLAIM });
  redis.defineCommand('keepSeats', { lua: KEEP });
  redis.defineCommand('releaseSeats', { lua: RELEASE });
  const keep = async (scheduleId: string, seatIds: readonly string[], reservationId: string, ms: number) => {
    await redis.keepSeats(seatIds.length, ...keysOf(scheduleId, seatIds), reservationId, ms);
  };

  return {
    async claim(scheduleId, seatIds, reservationId) {
      const keys = keysOf(scheduleId, seatIds);
      const taken = await redis.claimSeats(keys.length, ...keys, reservationId, LEASE_MS);
      return taken.flatMap((place) => seatIds[place - 1] ?? []);
    },
    async keepUntil(scheduleId, seatIds, reservationId, end) {
      // A hold that ends this very moment keeps a lock of one millisecond: PX takes no zero.
      await keep(scheduleId, seatIds, reservationId, Math.max(1, end.getTime() - Date.now()));
    },
    async keepSold(scheduleId, seatIds, reservationId) {
      await keep(scheduleId, seatIds, reservationId, SOLD_MS);
    },
    async release(scheduleId, seatIds, reservationId) {
      await redis.releaseSeats(seatIds.length, ...keysOf(scheduleId, seatIds), reservationId);
    },
  };
}

/** One hash tag for a schedule, so that a Redis Cluster keeps a request's seats on one node. */
function keysOf(scheduleId: string, seatIds: readonly string[]): string[] {
  return seatIds.map((seatId) => `{${scheduleId}}:seat:${seatId}`);
}
