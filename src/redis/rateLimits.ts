import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

interface RateLimitPolicy {
  /** Requests in one window. */
  quota: number;
  windowSeconds: number;
  /** What the counter is kept for: the client's address, the logged-in user, or both id and address. */
  by: 'address' | 'user' | 'login';
}

/**
 * Every rate limit of the service, before `RATE_LIMIT_FACTOR`. The general ones only stop runaways. Those
 * that guard passwords follow OWASP API2 and API4: few tries for one account, and room for the many people
 * who share an address at the opening of a sale.
 */
export const RATE_LIMITS = {
  'per-address': { quota: 3_000, windowSeconds: 60, by: 'address' },
  'per-user': { quota: 600, windowSeconds: 60, by: 'user' },
  'sign-up': { quota: 200, windowSeconds: 600, by: 'address' },
  'login-address': { quota: 300, windowSeconds: 300, by: 'address' },
  'login-account': { quota: 10, windowSeconds: 300, by: 'login' },
  // A page costs some 50 to 100 ms of processor, and people have a few tickets each to print.
  'ticket-paper': { quota: 30, windowSeconds: 60, by: 'user' },
} as const satisfies Record<string, RateLimitPolicy>;

export type RateLimitName = keyof typeof RATE_LIMITS;

/** What one request found. */
export interface RateLimitState {
  name: RateLimitName;
  allowed: boolean;
  quota: number;
  windowSeconds: number;
  remaining: number;
  /** Whole seconds until the window starts anew. */
  resetSeconds: number;
}

export interface RateLimits {
  /** Counts one request. Null where limits are switched off. Never fails: without Redis it counts here. */
  consume(name: RateLimitName, key: string): Promise<RateLimitState | null>;
  /** Starts the window anew, such as after a login that succeeded. */
  reset(name: RateLimitName, key: string): Promise<void>;
}

/** @param options.factor multiplies every quota; 0 switches all limits off */
export function createRateLimits(options: { redis: Redis; factor: number }): RateLimits {
  const { redis, factor } = options;
  if (factor === 0) return { consume: () => Promise.resolve(null), reset: () => Promise.resolve() };

  const limiters = new Map<RateLimitName, RateLimiterRedis>();
  const limiterOf = (name: RateLimitName): RateLimiterRedis => {
    const existing = limiters.get(name);
    if (existing) return existing;
    const limiter = createLimiter(name, redis, factor);
    limiters.set(name, limiter);
    return limiter;
  };

  return {
    async consume(name, key) {
      const limiter = limiterOf(name);
      try {
        return describe(name, limiter.points, await limiter.consume(key), true);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return describe(name, limiter.points, refused, false);
        throw refused;
      }
    },
    async reset(name, key) {
      await limiterOf(name).delete(key);
    },
  };
}

function createLimiter(name: RateLimitName, redis: Redis, factor: number): RateLimiterRedis {
  const { quota, windowSeconds } = RATE_LIMITS[name];
  const points = Math.max(1, Math.round(quota * factor));
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `rate:${name}`,
    points,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    // Who is far over the limit is refused from memory and costs Redis nothing.
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: `rate:${name}`, points, duration: windowSeconds }),
  });
}

function describe(
  name: RateLimitName,
  quota: number,
  result: RateLimiterRes,
  allowed: boolean,
): RateLimitState {
  return {
    name,
    allowed,
    quota,
    windowSeconds: RATE_LIMITS[name].windowSeconds,
    remaining: Math.max(0, result.remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1_000)),
  };
}
