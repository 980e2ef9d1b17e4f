import { RATE_LIMITS, type RateLimitName } from '../domain/rateLimits';
import { LRUCache } from 'lru-cache';
import type { Redis } from 'ioredis';
import type { BestEffort } from './bestEffort';
import { createSlidingWindows, type WindowState } from './slidingWindow';

/** The state of a limit for one request. */
export interface RateLimitState {
  name: RateLimitName;
  allowed: boolean;
  quota: number;
  windowSeconds: number;
  remaining: number;
  /**
   * If requests are rejected: the whole seconds until one is allowed again. Otherwise: until `remaining` begins to
   * grow.
   */
  resetSeconds: number;
}

export interface RateLimits {
  /**
   * Counts one request, in one round trip. Never fails: without Redis it counts in the process.
   *
   * @returns the limit that rejects, or else the one that counts; null if limits are switched off
   */
  consume(name: RateLimitName, key: string): Promise<RateLimitState | null>;
  /** Whether one more request would be allowed, without counting it. */
  look(name: RateLimitName, key: string): Promise<RateLimitState | null>;
}

/** The number of recently rejected keys, over all limits: about 10 MB. */
const MAX_REFUSED = 50_000;

/**
 * @param options.factor multiplies every quota; 0 switches all limits off
 * @param options.now milliseconds since 1970
 */
export function createRateLimits(options: {
  redis: Redis;
  attempt: BestEffort;
  factor: number;
  now?: () => number;
}): RateLimits {
  const { redis, attempt, factor, now = Date.now } = options;
  if (factor === 0) return UNLIMITED;
  const windows = createSlidingWindows(redis, attempt, now);
  /** The end of each rejection. Earlier requests are rejected from memory and cost Redis nothing. */
  const refused = new LRUCache<string, number>({ max: MAX_REFUSED });

  const windowOf = (name: RateLimitName, key: string) => ({
    key: `rate:{${key}}:${name}`,
    quota: Math.max(1, Math.round(RATE_LIMITS[name].quota * factor)),
    windowMs: RATE_LIMITS[name].windowSeconds * 1_000,
  });

  function describe(name: RateLimitName, key: string, state: WindowState): RateLimitState {
    const { allowed, remaining, resetMs } = state;
    const { quota, windowMs } = windowOf(name, key);
    const resetSeconds = Math.max(1, Math.ceil(resetMs / 1_000));
    return { name, allowed, quota, windowSeconds: windowMs / 1_000, remaining, resetSeconds };
  }

  function refusal(name: RateLimitName, key: string): RateLimitState | undefined {
    const resetMs = (refused.get(`${name} ${key}`) ?? 0) - now();
    return resetMs > 0 ? describe(name, key, { allowed: false, remaining: 0, resetMs }) : undefined;
  }

  return {
    async consume(name, key) {
      const names = policiesOf(name);
      for (const one of names) {
        const known = refusal(one, key);
        if (known) return known;
      }
      const states = await windows.count(
        names.map((one) => ({ ...windowOf(one, key), peeked: one !== name })),
      );
      const found = states.map((state, index) => describe(names[index] ?? name, key, state));
      found.forEach((state, index) => {
        if (!state.allowed) refused.set(`${state.name} ${key}`, now() + (states[index]?.resetMs ?? 0));
      });
      return found.find((state) => !state.allowed) ?? found[0] ?? null;
    },

    async look(name, key) {
      const known = refusal(name, key);
      if (known) return known;
      const [state] = await windows.count([{ ...windowOf(name, key), peeked: true }]);
      return state ? describe(name, key, state) : null;
    },
  };
}

const UNLIMITED: RateLimits = {
  consume: () => Promise.resolve(null),
  look: () => Promise.resolve(null),
};

/** The policy that counts, and the one that it heeds. */
function policiesOf(name: RateLimitName): RateLimitName[] {
  const policy = RATE_LIMITS[name];
  return 'heeds' in policy ? [name, policy.heeds] : [name];
}
