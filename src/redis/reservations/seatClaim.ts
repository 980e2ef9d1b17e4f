import type { Redis, Result } from 'ioredis';
import { GRANT_WITHIN_MS } from '../../domain/reservations/hold';
import { luaScript } from '../luaScript';

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

const CLAIM_SEATS = luaScript(__dirname, 'claimSeats.lua');
const SETTLE_SEATS = luaScript(__dirname, 'settleSeats.lua');

type ClaimCall = [
  keyCount: number,
  ...keys: string[],
  reservation: string,
  leaseMs: number,
  groupSize: number,
];
/** The indexes of keys, from 1. `first` is 0 if no group was claimed. */
type ClaimReply = [first: number, taken: number[]];
/** The keys, the reservation, the milliseconds to remember, and the owner of each seat. */
type SettleCall = [keyCount: number, ...keysAndArguments: (string | number)[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    claimSeats(...call: ClaimCall): Result<ClaimReply, Context>;
    settleSeats(...call: SettleCall): Result<number, Context>;
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
  redis.defineCommand('claimSeats', { lua: CLAIM_SEATS });
  redis.defineCommand('settleSeats', { lua: SETTLE_SEATS });

  const claimFirst: SeatClaim['claimFirst'] = async (scheduleId, groups, reservationId) => {
    const wanted = { seatIds: groups.flat(), groupSize: groups[0]?.length ?? 0 };
    const reply = await redis.claimSeats(...encodeClaim(scheduleId, wanted, reservationId));
    return decodeClaim(wanted, reply);
  };

  const giveUp: SeatClaim['giveUp'] = async (scheduleId, owners, reservationId) => {
    await redis.settleSeats(...encodeSettle(scheduleId, owners, reservationId));
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

/** The seats of groups of this size, group by group. */
interface Wanted {
  seatIds: readonly string[];
  groupSize: number;
}

function encodeClaim(scheduleId: string, { seatIds, groupSize }: Wanted, reservationId: string): ClaimCall {
  const keys = keysOf(scheduleId, seatIds);
  return [keys.length, ...keys, reservationId, LEASE_MS, groupSize];
}

function decodeClaim({ seatIds, groupSize }: Wanted, [first, taken]: ClaimReply) {
  return {
    claimed: first === 0 ? null : seatIds.slice(first - 1, first - 1 + groupSize),
    taken: taken.flatMap((place) => seatIds[place - 1] ?? []),
  };
}

/** @param owners null frees a seat */
function encodeSettle(
  scheduleId: string,
  owners: ReadonlyMap<string, string | null>,
  reservationId: string,
): SettleCall {
  const keys = keysOf(scheduleId, [...owners.keys()]);
  const now = Array.from(owners.values(), (owner) => owner ?? '');
  return [keys.length, ...keys, reservationId, TAKEN_MS, ...now];
}

/** One hash tag for each schedule, so that a Redis Cluster keeps the seats of a request on one node. */
function keysOf(scheduleId: string, seatIds: readonly string[]): string[] {
  return seatIds.map((seatId) => `{${scheduleId}}:seat:${seatId}`);
}
