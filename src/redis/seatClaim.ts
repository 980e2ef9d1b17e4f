import type { Redis, Result } from 'ioredis';

/**
 * How long a claim lives before the hold is recorded. Long enough for a slow hold, short enough that an API
 * that dies between claim and start costs the seats seconds, not minutes.
 */
const LEASE_MS = 15_000;

/** A sold seat stays claimed this long, so that late comers are refused without asking Postgres. */
const SOLD_MS = 24 * 60 * 60 * 1000;

/**
 * Claims the first group that nobody else has a seat of. KEYS: one for each seat, group by group. ARGV: owner,
 * milliseconds, seats in a group. Returns the 1-based place of the claimed group's first seat, 0 for none, and
 * the places of the seats that others own in the groups before it.
 */
const CLAIM = `
local size = tonumber(ARGV[3])
local taken = {}
for first = 1, #KEYS, size do
  local before = #taken
  for i = first, first + size - 1 do
    local owner = redis.call('GET', KEYS[i])
    if owner and owner ~= ARGV[1] then taken[#taken + 1] = i end
  end
  if #taken == before then
    for i = first, first + size - 1 do
      -- The owner's own longer lock, from an earlier attempt, is never cut short.
      if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
    end
    return {first, taken}
  end
end
return {0, taken}`;

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
    claimSeats(keyCount: number, ...args: (string | number)[]): Result<[number, number[]], Context>;
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
  /**
   * Claims the first of several groups that is wholly free, for {@link LEASE_MS}: one call, so that of hundreds
   * that ask at once each gets another.
   *
   * @param groups of the same size, best first
   * @returns the group, null where each has a seat that others own; and those seats, as far as it looked
   */
  claimFirst(
    scheduleId: string,
    groups: readonly (readonly string[])[],
    reservationId: string,
  ): Promise<{ claimed: readonly string[] | null; taken: string[] }>;
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

  const claimFirst: SeatClaim['claimFirst'] = async (scheduleId, groups, reservationId) => {
    const seatIds = groups.flat();
    const size = groups[0]?.length ?? 0;
    const keys = keysOf(scheduleId, seatIds);
    const [first, taken] = await redis.claimSeats(keys.length, ...keys, reservationId, LEASE_MS, size);
    return {
      claimed: first === 0 ? null : seatIds.slice(first - 1, first - 1 + size),
      taken: taken.flatMap((place) => seatIds[place - 1] ?? []),
    };
  };

  return {
    async claim(scheduleId, seatIds, reservationId) {
      return (await claimFirst(scheduleId, [seatIds], reservationId)).taken;
    },
    claimFirst,
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
