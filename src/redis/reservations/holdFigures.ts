import type { Redis } from 'ioredis';

/** Holds of some time, added up. */
export interface HoldFigures {
  count: number;
  /** Could not be decided. */
  failed: number;
  /** Of all together. */
  milliseconds: number;
}

/** A few seconds, so that one slow hold among few is not yet a slow system. */
const WINDOW_SECONDS = 5;

export interface HoldFiguresStore {
  add(figures: HoldFigures): Promise<void>;
  /** Of all processes over the last {@link WINDOW_SECONDS}; null where there were no holds. */
  recent(): Promise<{ perSecond: number; milliseconds: number; failedShare: number } | null>;
}

/** What all API processes saw of their holds: a hash for each second, which goes when nobody asks for it any more. */
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

/** One hash tag: the seconds share a slot of a cluster. */
const keyOf = (second: number): string => `{holds}:${second}`;
