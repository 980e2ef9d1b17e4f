import type { Redis, Result } from 'ioredis';
import type { BestEffort } from '../bestEffort';

/** Redis forgets the holds of a seat from an address this long after the last one has ended. */
const MEMORY_MS = 60 * 60 * 1_000;

/** Shares of a hold are stored as whole numbers. */
const UNITS = 1_000;

/** KEYS: one for each seat. ARGV: reservation, units, milliseconds to keep. */
const COUNT = `
for _, key in ipairs(KEYS) do
  redis.call('HSET', key, ARGV[1], ARGV[2])
  redis.call('PEXPIRE', key, ARGV[3])
end
return 0`;

/**
 * KEYS: one for each seat. Returns for each seat the units of all its holds, and the milliseconds until it is
 * forgotten.
 */
const LOOK = `
local found = {}
for i, key in ipairs(KEYS) do
  local units = 0
  for _, one in ipairs(redis.call('HVALS', key)) do units = units + tonumber(one) end
  found[2 * i - 1] = units
  found[2 * i] = redis.call('PTTL', key)
end
return found`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countAddressHolds(keyCount: number, ...args: (string | number)[]): Result<number, Context>;
    lookAtAddressHolds(keyCount: number, ...args: (string | number)[]): Result<number[], Context>;
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

  async function count({ network, seatIds, reservationId }: AddressHold, share: number, keptMs: number) {
    const keys = keysOf(network, seatIds);
    const units = Math.round(share * UNITS);
    await attempt((client) => client.countAddressHolds(keys.length, ...keys, reservationId, units, keptMs));
  }

  return {
    begin: async ({ holdMs, ...hold }) => count(hold, 1, holdMs + MEMORY_MS),
    end: async ({ share, ...hold }) => count(hold, share, MEMORY_MS),
    async look(network, seatIds) {
      const keys = keysOf(network, seatIds);
      const found = (await attempt((client) => client.lookAtAddressHolds(keys.length, ...keys))) ?? [];
      return seatIds.map((seatId, place) => ({
        seatId,
        holds: (found[2 * place] ?? 0) / UNITS,
        sinceMs: MEMORY_MS - (found[2 * place + 1] ?? 0),
      }));
    },
  };
}

/** One hash tag for each address, so that a Redis Cluster keeps all keys of a request on one node. */
function keysOf(network: string, seatIds: readonly string[]): string[] {
  return seatIds.map((seatId) => `held-from:{${network}}:${seatId}`);
}
