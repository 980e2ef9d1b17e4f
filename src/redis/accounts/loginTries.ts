import { randomUUID } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import type { BestEffort } from '../bestEffort';

/** Redis forgets the tries this long after the last one. */
const KEPT_MS = 15 * 60 * 1_000;

/** A turn is free again after this time if its process died. It is longer than the longest delay and a password check. */
const TURN_MS = 30_000;

/**
 * KEYS: the tries from here, the turn, the tries from everywhere. ARGV: the number of tries without a turn, the id of
 * the turn, the milliseconds to keep a turn, the milliseconds to keep tries.
 *
 * Returns the earlier tries, from here and from everywhere. Returns nothing if another try has its turn.
 */
const BEGIN = `
local own = tonumber(redis.call('GET', KEYS[1]) or 0)
if own >= tonumber(ARGV[1]) and not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return false end
redis.call('SET', KEYS[1], own + 1, 'PX', ARGV[4])
local all = redis.call('INCR', KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return {own, all - 1}`;

/**
 * KEYS: as above. ARGV: the id of the turn, and the outcome of the try. `failed` keeps the try. `unknown` does not
 * count it. `succeeded` does not count it either, and deletes all tries from here.
 */
const END = `
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if ARGV[2] == 'failed' then return end
for _, key in ipairs({KEYS[1], KEYS[3]}) do
  if tonumber(redis.call('GET', key) or 0) > 0 then redis.call('DECR', key) end
end
if ARGV[2] == 'succeeded' then redis.call('DEL', KEYS[1]) end`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    beginLogin(...args: (string | number)[]): Result<[number, number] | null, Context>;
    endLogin(...args: (string | number)[]): Result<null, Context>;
  }
}

/** `failed`: the password was wrong. `unknown`: the password was not checked. */
export type LoginOutcome = 'succeeded' | 'failed' | 'unknown';

export interface LoginTry {
  /** Earlier tries for this account that failed or are under way: from this network, and from everywhere. */
  own: number;
  all: number;
  end(outcome: LoginOutcome): Promise<void>;
}

export interface LoginTries {
  /** The number of tries of an account from one network that need no turn. */
  free: number;
  /**
   * Begins a try. Null if another try of the same account and network has its turn: beyond `free`, tries run one by
   * one.
   */
  begin(account: string, network: string): Promise<LoginTry | null>;
}

/**
 * Counts tries to log in. A try counts from its beginning, so that many parallel tries are not all the first.
 *
 * @param options.free the number of tries of an account from one network that need no turn
 */
export function createLoginTries(options: { redis: Redis; attempt: BestEffort; free: number }): LoginTries {
  const { redis, attempt, free } = options;
  redis.defineCommand('beginLogin', { lua: BEGIN, numberOfKeys: 3 });
  redis.defineCommand('endLogin', { lua: END, numberOfKeys: 3 });
  /** The turns of this process, used while Redis is down. */
  const turns = new Set<string>();

  /** Without Redis, earlier tries are not known. Tries in this process run one by one, with the first delay. */
  function beginHere(key: string): LoginTry | null {
    if (turns.has(key)) return null;
    turns.add(key);
    return { own: free, all: 0, end: () => Promise.resolve(void turns.delete(key)) };
  }

  return {
    free,
    async begin(account, network) {
      const tag = `login:{${account}}`;
      const keys = [`${tag}:from:${network}`, `${tag}:turn:${network}`, `${tag}:all`];
      const turn = randomUUID();
      const counts = await attempt((client) => client.beginLogin(...keys, free, turn, TURN_MS, KEPT_MS));
      if (counts === undefined) return beginHere(`${account} ${network}`);
      if (counts === null) return null;
      const [own, all] = counts;
      return {
        own,
        all,
        async end(outcome) {
          await attempt((client) => client.endLogin(...keys, turn, outcome));
        },
      };
    },
  };
}
