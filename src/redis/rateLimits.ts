import { LRUCache } from 'lru-cache';
import type { Redis } from 'ioredis';
import type { BestEffort } from './bestEffort';
import { createSlidingWindows, type WindowState } from './slidingWindow';

interface RateLimitPolicy {
  /** Requests in any stretch of `windowSeconds`. */
  quota: number;
  windowSeconds: number;
  /** What is counted by: the client's address, or the logged-in user. */
  by: 'address' | 'user';
  /** Another policy of the same user that refuses too, without counting this request. */
  heeds?: string;
}

/**
 * Every rate limit of the service, before `RATE_LIMIT_FACTOR`. Who is not logged in is counted by address, with room
 * for the many who share one at the opening of a sale; who is, by user. The numbers are several times what a page
 * in a browser asks for, so that they stop programs (OWASP API4:2023). Tries for one account are delayed besides
 * (OWASP API2:2023, `src/api/accounts/loginPace.ts`).
 *
 * Holding and paying are the flows that bots are after (OWASP API6:2023). A try before one's turn is counted as
 * `waiting`; past its limit every such request is refused before its tokens are looked at, and mostly without
 * asking Redis. Its window is short, because somebody's turn may come meanwhile.
 */
export const RATE_LIMITS = {
  'per-address': { quota: 3_000, windowSeconds: 60, by: 'address' },
  'per-user': { quota: 600, windowSeconds: 60, by: 'user' },
  'sign-up': { quota: 200, windowSeconds: 600, by: 'address' },
  'login-address': { quota: 300, windowSeconds: 300, by: 'address' },
  // Shared addresses again: a page asks for its map every second or two.
  'seat-map': { quota: 6_000, windowSeconds: 60, by: 'address' },
  // The server asks for a poll every second at the most often, and a user may have two tabs.
  'queue-poll': { quota: 240, windowSeconds: 60, by: 'user' },
  admitted: { quota: 120, windowSeconds: 60, by: 'user', heeds: 'waiting' },
  waiting: { quota: 5, windowSeconds: 10, by: 'user' },
  // Whoever tries stolen cards learns from each refusal which one works. People have few cards; many share an address.
  'failed-cards': { quota: 20, windowSeconds: 3_600, by: 'user' },
  'failed-cards-address': { quota: 100, windowSeconds: 3_600, by: 'address' },
  // A gate with a fast scanner, and its repeats.
  'check-in': { quota: 1_200, windowSeconds: 60, by: 'user' },
  // A gateway sends some five messages for each payment, from a few addresses, and sends again what was refused.
  webhook: { quota: 6_000, windowSeconds: 60, by: 'address' },
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
  /** Whole seconds until a request is allowed again, where it is not; else until what is left begins to grow. */
  resetSeconds: number;
}

export interface RateLimits {
  /**
   * Counts one request, in one round trip. Never fails: without Redis it counts here.
   *
   * @returns the limit that refuses, else the one that counts; null where limits are switched off
   */
  consume(name: RateLimitName, key: string): Promise<RateLimitState | null>;
  /** Whether one more would be allowed, without counting it. */
  look(name: RateLimitName, key: string): Promise<RateLimitState | null>;
}

/** Who was refused lately, of all limits: some 10 MB. */
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
  /** Until when; whoever comes before is refused from memory and costs Redis nothing. */
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

/** The policy that counts, and what it heeds. */
function policiesOf(name: RateLimitName): RateLimitName[] {
  const policy = RATE_LIMITS[name];
  return 'heeds' in policy ? [name, policy.heeds] : [name];
}
