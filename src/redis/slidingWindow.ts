import { LRUCache } from 'lru-cache';
import type { Redis, Result } from 'ioredis';
import type { BestEffort } from './bestEffort';
import { luaScript } from './luaScript';

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

/** How a request counts in a window: `add` is 1, or 0 if the request only reads. */
interface Counting {
  window: Window;
  keys: [running: string, before: string];
  add: number;
}

const COUNT_REQUESTS = luaScript(__dirname, 'countRequests.lua');

/** Two keys for each window, and then for each window the number to add and the milliseconds to keep. */
type CountCall = [keyCount: number, ...keysAndArguments: (string | number)[]];
/** Both counts for each window. */
type CountReply = number[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countRequests(...call: CountCall): Result<CountReply, Context>;
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
  redis.defineCommand('countRequests', { lua: COUNT_REQUESTS });
  const own = new LRUCache<string, number>({ max: MAX_COUNTERS });

  function countHere([running, before]: Counting['keys'], add: number): Counts {
    const current = (own.get(running) ?? 0) + add;
    if (add > 0) own.set(running, current);
    return { current, previous: own.get(before) ?? 0 };
  }

  return {
    async count(windows) {
      const at = now();
      const countings = windows.map((window) => ({
        window,
        keys: keysOf(window, at),
        add: window.peeked ? 0 : 1,
      }));
      const reply = await attempt((client) => client.countRequests(...encodeCount(countings)));
      return countings.map(({ window, keys, add }, index) => {
        const counts = reply ? decodeCount(reply, index) : countHere(keys, add);
        // For a peek: whether one more request would be allowed.
        return judge(window, counts, { at, asked: 1 - add });
      });
    },
  };
}

const encodeCount = (countings: readonly Counting[]): CountCall => [
  2 * countings.length,
  ...countings.flatMap(({ keys }) => keys),
  ...countings.flatMap(({ window, add }) => [add, 2 * window.windowMs]),
];

/** The counts of the window at this index. */
const decodeCount = (reply: CountReply, index: number): Counts => ({
  current: reply[2 * index] ?? 0,
  previous: reply[2 * index + 1] ?? 0,
});

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

function keysOf({ key, windowMs }: Window, at: number): Counting['keys'] {
  const index = Math.floor(at / windowMs);
  return [`${key}:${index}`, `${key}:${index - 1}`];
}
