import type { Redis } from 'ioredis';

/** The totals of the holds of some period. */
export interface HoldFigures {
  count: number;
  /** The number of holds that could not be decided. */
  failed: number;
  /** The sum over all holds. */
  milliseconds: number;
}

/** A few seconds, so that one slow hold among few does not count as a slow system. */
const WINDOW_SECONDS = 5;

export interface HoldFiguresStore {
  add(figures: HoldFigures): Promise<void>;
  /** The figures of all processes over the last {@link WINDOW_SECONDS}; null if there were no holds. */
  recent(): Promise<{ perSecond: number; milliseconds: number; failedShare: number } | null>;
}

/** The figures of holds from all API processes: a hash for each second, which expires when it is no longer needed. */
export function createHoldFiguresStore(redis: Redis, now: () => number = Date.now): HoldFiguresStore {
  const secondNow = () => Math.floor(now() / 1_000);
  return {
    async add({ count, failed, milliseconds }) {
      const key = keyOf(secondNow());
      await redis
        .multi()
        .hincrby(key, 'count', count)
        .hincrby(key, 'failed', failed)
        .hincrby(key, 'milliseconds', Math.round(milliseconds))
        .expire(key, 2 * WINDOW_SECONDS)
        .exec();
    },
    async recent() {
      const latest = secondNow();
      const seconds = await Promise.all(
        Array.from({ length: WINDOW_SECONDS }, async (_, ago) =>
          redis.hmget(keyOf(latest - ago), 'count', 'failed', 'milliseconds'),
        ),
      );
      const [count, failed, milliseconds] = [0, 1, 2].map((field) =>
        seconds.reduce((sum, values) => sum + Number(values[field] ?? 0), 0),
      );
      if (!count) return null;
      return {
        perSecond: count / WINDOW_SECONDS,
        milliseconds: (milliseconds ?? 0) / count,
        failedShare: (failed ?? 0) / count,
      };
    },
  };
}

/** One hash tag, so that the seconds share a slot of a cluster. */
const keyOf = (second: number): string => `{holds}:${second}`;
