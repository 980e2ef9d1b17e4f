import type { Redis, Result } from 'ioredis';
import type { BestEffort } from '../bestEffort';
import { luaScript } from '../luaScript';

/** Redis forgets the holds of a seat from an address this long after the last one has ended. */
const MEMORY_MS = 60 * 60 * 1_000;

/** Shares of a hold are stored as whole numbers. */
const UNITS = 1_000;

const COUNT = luaScript(__dirname, 'countAddressHolds.lua');
const LOOK = luaScript(__dirname, 'lookAtAddressHolds.lua');

type CountCall = [keyCount: number, ...keys: string[], reservation: string, units: number, keptMs: number];
type LookCall = [keyCount: number, ...keys: string[]];
/** For each seat the units of all its holds, and the milliseconds until Redis forgets them. */
type LookReply = number[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countAddressHolds(...call: CountCall): Result<number, Context>;
    lookAtAddressHolds(...call: LookCall): Result<LookReply, Context>;
  }
}

/** The holds of a seat from an address. */
export interface AddressHolds {
  seatId: string;
  /** The number of whole holds, including the current one. */
  holds: number;
  /** Milliseconds since the end of the last hold; negative while it runs. */
  sinceMs: number;
}

/** A hold from an address. */
export interface AddressHold {
  network: string;
  seatIds: readonly string[];
  reservationId: string;
}

/**
 * Holds of seats by all users at one address. Addresses are personal data, so they are in Redis for an hour, and not in
 * Postgres. Without Redis nothing is counted. The limits of accounts, which come from Postgres, still apply.
 */
export interface AddressHoldLog {
  /** Counts a hold that begins as a whole one. A repeated call counts once. */
  begin(hold: AddressHold & { holdMs: number }): Promise<void>;
  /** Counts a released hold by its `share` of a whole one. A repeated call counts once. */
  end(hold: AddressHold & { share: number }): Promise<void>;
  look(network: string, seatIds: readonly string[]): Promise<AddressHolds[]>;
}

export function createAddressHoldLog({
  redis,
  attempt,
}: {
  redis: Redis;
  attempt: BestEffort;
}): AddressHoldLog {
  redis.defineCommand('countAddressHolds', { lua: COUNT });
  redis.defineCommand('lookAtAddressHolds', { lua: LOOK });

  async function count(hold: AddressHold, share: number, keptMs: number) {
    await attempt((client) => client.countAddressHolds(...encodeCount(hold, share, keptMs)));
  }

  return {
    begin: async ({ holdMs, ...hold }) => count(hold, 1, holdMs + MEMORY_MS),
    end: async ({ share, ...hold }) => count(hold, share, MEMORY_MS),
    async look(network, seatIds) {
      const reply = await attempt((client) => client.lookAtAddressHolds(...encodeLook(network, seatIds)));
      return decodeLook(seatIds, reply ?? []);
    },
  };
}

function encodeCount(
  { network, seatIds, reservationId }: AddressHold,
  share: number,
  keptMs: number,
): CountCall {
  const keys = keysOf(network, seatIds);
  return [keys.length, ...keys, reservationId, Math.round(share * UNITS), keptMs];
}

function encodeLook(network: string, seatIds: readonly string[]): LookCall {
  const keys = keysOf(network, seatIds);
  return [keys.length, ...keys];
}

/** @param reply empty without Redis */
function decodeLook(seatIds: readonly string[], reply: LookReply): AddressHolds[] {
  return seatIds.map((seatId, place) => ({
    seatId,
    holds: (reply[2 * place] ?? 0) / UNITS,
    sinceMs: MEMORY_MS - (reply[2 * place + 1] ?? 0),
  }));
}

/** One hash tag for each address, so that a Redis Cluster keeps all keys of a request on one node. */
function keysOf(network: string, seatIds: readonly string[]): string[] {
  return seatIds.map((seatId) => `held-from:{${network}}:${seatId}`);
}
