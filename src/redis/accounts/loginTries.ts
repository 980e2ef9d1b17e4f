import { randomUUID } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import type { BestEffort } from '../bestEffort';
import { luaScript } from '../luaScript';

/** Redis forgets the tries this long after the last one. */
const KEPT_MS = 15 * 60 * 1_000;

/**
 * A turn is free again after this time if its process died. It is longer than the longest delay and a password check.
 */
const TURN_MS = 30_000;

const BEGIN_LOGIN = luaScript(__dirname, 'beginLogin.lua');
const END_LOGIN = luaScript(__dirname, 'endLogin.lua');

type Keys = [here: string, turn: string, everywhere: string];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    beginLogin(
      ...call: [...Keys, free: number, turnId: string, turnMs: number, keptMs: number]
    ): Result<[own: number, all: number] | null, Context>;
    endLogin(...call: [...Keys, turnId: string, outcome: LoginOutcome]): Result<null, Context>;
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
  redis.defineCommand('beginLogin', { lua: BEGIN_LOGIN, numberOfKeys: 3 });
  redis.defineCommand('endLogin', { lua: END_LOGIN, numberOfKeys: 3 });
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
      const keys = keysOf(account, network);
      const turnId = randomUUID();
      const counts = await attempt((client) => client.beginLogin(...keys, free, turnId, TURN_MS, KEPT_MS));
      if (counts === undefined) return beginHere(`${account} ${network}`);
      if (counts === null) return null;
      const [own, all] = counts;
      return {
        own,
        all,
        async end(outcome) {
          await attempt((client) => client.endLogin(...keys, turnId, outcome));
        },
      };
    },
  };
}

/** One hash tag for each account, so that a Redis Cluster keeps the keys of a try on one node. */
function keysOf(account: string, network: string): Keys {
  const tag = `login:{${account}}`;
  return [`${tag}:from:${network}`, `${tag}:turn:${network}`, `${tag}:all`];
}
