import { LRUCache } from 'lru-cache';
import type { Redis, Result } from 'ioredis';
import type { BestEffort } from './bestEffort';

/** A limit: at most `quota` requests in any `windowMs`. */
export interface Window {
  /** Has one hash tag, so that all windows of a request are on one node of a Redis Cluster. */
  key: string;
  quota: number;
  windowMs: number;
}

export interface WindowState {
  allowed: boolean;
  /** The number of further requests that would be allowed now. */
  remaining: number;
  /**
   * If requests are rejected: the whole milliseconds until one more is allowed. Otherwise: until the count begins to
   * fall.
   */
  resetMs: number;
}

/** The requests of the current window and of the window before it. */
interface Counts {
  current: number;
  previous: number;
}

/**
 * KEYS: for each window, the current counter and the one before. ARGV: for each window, the number to add and the
 * milliseconds to keep. Returns both counts for each window.
 */
const COUNT = `
local counts = {}
for i = 1, #KEYS, 2 do
  local add = tonumber(ARGV[i])
  if add > 0 then
    counts[i] = redis.call('INCRBY', KEYS[i], add)
    if counts[i] == add then redis.call('PEXPIRE', KEYS[i], ARGV[i + 1]) end
  else
    counts[i] = tonumber(redis.call('GET', KEYS[i]) or 0)
  end
  counts[i + 1] = tonumber(redis.call('GET', KEYS[i + 1]) or 0)
end
return counts`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countRequests(keyCount: number, ...args: (string | number)[]): Result<number[], Context>;
  }
}

/** The number of counters in this process, used while Redis is down: about 10 MB. */
const MAX_COUNTERS = 100_000;

export interface SlidingWindows {
  /**
   * Counts one request in each window. If a window is `peeked`, only reads it. One round trip; without Redis the
   * process counts. Rejected requests count too: a client that continues anyway stays blocked.
   */
  count(windows: readonly (Window & { peeked?: boolean })[]): Promise<WindowState[]>;
}

/**
 * The sliding window counter as Cloudflare describes it (blog.cloudflare.com/counting-things-a-lot-of-different-things,
 * wrong for 0.003 % of requests). The window before counts with the share that the sliding window still covers.
 *
 * @param now milliseconds since 1970; processes whose clocks differ by some milliseconds still share their counters
 */
export function createSlidingWindows(
  redis: Redis,
  attempt: BestEffort,
  now: () => number = Date.now,
): SlidingWindows {
  redis.defineCommand('countRequests', { lua: COUNT });
  const own = new LRUCache<string, number>({ max: MAX_COUNTERS });

  function countHere([running = '', before = '']: readonly string[], add: number): Counts {
    const current = (own.get(running) ?? 0) + add;
    if (add > 0) own.set(running, current);
    return { current, previous: own.get(before) ?? 0 };
  }

  return {
    async count(windows) {
      const at = now();
      const adds = windows.map(({ peeked }) => (peeked ? 0 : 1));
      const keys = windows.map((window) => keysOf(window, at));
      const counted = await attempt((client) => {
        const kept = windows.flatMap(({ windowMs }, index) => [adds[index] ?? 1, 2 * windowMs]);
        return client.countRequests(2 * windows.length, ...keys.flat(), ...kept);
      });
      return windows.map((window, index) => {
        const add = adds[index] ?? 1;
        const counts = counted
          ? { current: counted[2 * index] ?? 0, previous: counted[2 * index + 1] ?? 0 }
          : countHere(keys[index] ?? [], add);
        // For a peek: whether one more request would be allowed.
        return judge(window, counts, { at, asked: 1 - add });
      });
    },
  };
}

/** @param asked the requests that are asked about in addition to the counted ones */
function judge(
  { quota, windowMs }: Window,
  { current, previous }: Counts,
  { at, asked }: { at: number; asked: number },
): WindowState {
  const left = windowMs - (at % windowMs);
  const used = (previous * left) / windowMs + current + asked;
  const allowed = used <= quota;
  return {
    allowed,
    remaining: Math.max(0, Math.floor(quota - used)),
    resetMs: allowed ? left : Math.ceil(untilOneMore({ quota, windowMs }, { current, previous }, left)),
  };
}

/** The count of the window before decreases evenly, and then the count of the current one. */
function untilOneMore(
  { quota, windowMs }: Omit<Window, 'key'>,
  { current, previous }: Counts,
  left: number,
): number {
  const leftThen = (counted: number, room: number): number => (windowMs * room) / counted;
  if (current < quota) return left - leftThen(previous, quota - 1 - current);
  return left + windowMs - leftThen(current, quota - 1);
}

function keysOf({ key, windowMs }: Window, at: number): [running: string, before: string] {
  const index = Math.floor(at / windowMs);
  return [`${key}:${index}`, `${key}:${index - 1}`];
}
