import { randomUUID } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import type { BestEffort } from '../bestEffort';

/** Tries are forgotten so long after the last one. */
const KEPT_MS = 15 * 60 * 1_000;

/** A turn of a process that died is free again then: longer than the longest delay and a check of a password. */
const TURN_MS = 30_000;

/**
 * KEYS: tries from here, the turn, tries from everywhere. ARGV: tries without a turn, id of the turn, milliseconds to
 * keep a turn and tries. Returns the tries before this one, from here and from everywhere, or nothing where another
 * one has its turn.
 */
const BEGIN = `
local own = tonumber(redis.call('GET', KEYS[1]) or 0)
if own >= tonumber(ARGV[1]) and not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return false end
redis.call('SET', KEYS[1], own + 1, 'PX', ARGV[4])
local all = redis.call('INCR', KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return {own, all - 1}`;

/** KEYS: as above. ARGV: id of the turn, what becomes of the try: it is kept, not counted, or all from here are forgotten. */
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

/** `failed`: the password was wrong. `unknown`: it was not looked at. */
export type LoginOutcome = 'succeeded' | 'failed' | 'unknown';

export interface LoginTry {
  /** Failed tries, and those under way, of this account before: from this network, and from everywhere. */
  own: number;
  all: number;
  end(outcome: LoginOutcome): Promise<void>;
}

export interface LoginTries {
  /** Tries of an account from one network that take no turns. */
  free: number;
  /** Begins a try. Null where one of the same account and network has its turn: past `free`, they go one by one. */
  begin(account: string, network: string): Promise<LoginTry | null>;
}

/**
 * Counts tries to log in. A try counts from its begin, so that many at once are not all the first.
 *
 * @param options.free tries of an account from one network that take no turns
 */
export function createLoginTries(options: { redis: Redis; attempt: BestEffort; free: number }): LoginTries {
  const { redis, attempt, free } = options;
  redis.defineCommand('beginLogin', { lua: BEGIN, numberOfKeys: 3 });
  redis.defineCommand('endLogin', { lua: END, numberOfKeys: 3 });
  /** Turns of this process, for when Redis is away. */
  const turns = new Set<string>();

  /** Without Redis nothing is known of earlier tries: each of this process takes its turn, with the first delay. */
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
