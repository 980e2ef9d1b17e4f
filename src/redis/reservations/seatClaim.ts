import type { Redis, Result } from 'ioredis';
import { GRANT_WITHIN_MS } from '../../domain/reservations/hold';

/**
 * How long a claim lives while its hold is not decided. A hold cannot be granted later than this, so no process needs
 * the claim for longer. If an API dies after the claim, the seats are blocked for these seconds.
 */
const LEASE_MS = GRANT_WITHIN_MS;

/**
 * How long Redis remembers the owner of a seat from Postgres. Within this time, requests of a crowd are rejected
 * without asking Postgres. After it, the next request asks again. So a key that is lost, late or wrong costs a seat at
 * most this long.
 */
const TAKEN_MS = 2_000;

/**
 * Claims the first group in which no other reservation owns a seat. KEYS: one for each seat, group by group. ARGV:
 * owner, milliseconds, seats in a group. Returns the 1-based index of the first seat of the claimed group, or 0 for
 * none. Also returns the indexes of the seats that others own in the groups before it.
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
    for i = first, first + size - 1 do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
    return {first, taken}
  end
end
return {0, taken}`;

/**
 * Ends a claim. KEYS: one for each seat. ARGV: the claimant, milliseconds, then the owner of each seat, empty for none.
 * If another reservation has claimed a seat meanwhile, it keeps the seat: a late call never takes or frees it.
 */
const SETTLE = `
for i, key in ipairs(KEYS) do
  local owner, now = redis.call('GET', key), ARGV[i + 2]
  if not owner or owner == ARGV[1] or owner == now then
    if now == '' then redis.call('DEL', key) else redis.call('SET', key, now, 'PX', ARGV[2]) end
  end
end
return 0`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    claimSeats(keyCount: number, ...args: (string | number)[]): Result<[number, number[]], Context>;
    settleSeats(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/**
 * The fast check before Postgres. It rejects most losers of a race, and never decides who owns a seat. A claim lives at
 * most {@link LEASE_MS}, and knowledge from Postgres at most {@link TAKEN_MS}.
 */
export interface SeatClaim {
  /**
   * Claims all seats for a reservation, or none, for {@link LEASE_MS}.
   *
   * @returns the seats that others own; empty if the claim was granted
   */
  claim(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<string[]>;
  /**
   * Claims the first of several groups that is wholly free, for {@link LEASE_MS}. It is one call, so that hundreds of
   * parallel requests each get a different group.
   *
   * @param groups of the same size, best first
   * @returns the group; null if each group has a seat that others own. Also those seats, as far as it looked
   */
  claimFirst(
    scheduleId: string,
    groups: readonly (readonly string[])[],
    reservationId: string,
  ): Promise<{ claimed: string[] | null; taken: string[] }>;
  /** Remembers for {@link TAKEN_MS} that this reservation has the seats, held or sold, as Postgres has committed it. */
  markTaken(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<void>;
  /** Ends a claim that Postgres rejected. It remembers which reservation has a seat; null frees the seat. */
  giveUp(
    scheduleId: string,
    owners: ReadonlyMap<string, string | null>,
    reservationId: string,
  ): Promise<void>;
  /** Frees the seats that this reservation still owns, and no others. */
  release(scheduleId: string, seatIds: readonly string[], reservationId: string): Promise<void>;
}

export function createSeatClaim(redis: Redis): SeatClaim {
  redis.defineCommand('claimSeats', { lua: CLAIM });
  redis.defineCommand('settleSeats', { lua: SETTLE });

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

  const giveUp: SeatClaim['giveUp'] = async (scheduleId, owners, reservationId) => {
    const keys = keysOf(scheduleId, [...owners.keys()]);
    const now = [...owners.values()].map((owner) => owner ?? '');
    await redis.settleSeats(keys.length, ...keys, reservationId, TAKEN_MS, ...now);
  };

  return {
    async claim(scheduleId, seatIds, reservationId) {
      return (await claimFirst(scheduleId, [seatIds], reservationId)).taken;
    },
    claimFirst,
    giveUp,
    async markTaken(scheduleId, seatIds, reservationId) {
      await giveUp(scheduleId, new Map(seatIds.map((id) => [id, reservationId])), reservationId);
    },
    async release(scheduleId, seatIds, reservationId) {
      await giveUp(scheduleId, new Map(seatIds.map((id) => [id, null])), reservationId);
    },
  };
}

/** One hash tag for each schedule, so that a Redis Cluster keeps the seats of a request on one node. */
function keysOf(scheduleId: string, seatIds: readonly string[]): string[] {
  return seatIds.map((seatId) => `{${scheduleId}}:seat:${seatId}`);
}
