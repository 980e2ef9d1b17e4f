import { Problem } from '../../domain/problems';
import {
  RATE_LIMITS,
  type RateLimitName,
  type RateLimits,
  type RateLimitState,
} from '../../redis/rateLimits';
import type { Caller, EndpointDescription } from './endpoint';
import { networkOf } from './clientNetwork';
import type { ApiContext } from './state';

/**
 * Counts a request against the limit of its endpoint: the one that it names, or the general one of the user
 * or, if nobody is logged in, of the address.
 *
 * @throws {Problem} rate-limited
 */
export async function enforceRateLimit(
  ctx: ApiContext,
  limits: RateLimits,
  endpoint: Pick<EndpointDescription, 'rateLimit'>,
  user: Caller | undefined,
): Promise<void> {
  if (endpoint.rateLimit === 'none') return;
  const name = endpoint.rateLimit ?? (user ? 'per-user' : 'per-address');
  const state = await limits.consume(
    name,
    user && RATE_LIMITS[name].by === 'user' ? user.userId : networkOf(ctx.ip),
  );
  if (!state) return;
  ctx.set(rateLimitHeaders(state));
  if (!state.allowed) throw rateLimited(state);
}

/**
 * Counts a try to buy before one's turn. The refusal itself stays what it is; the next tries meet the limit
 * before they cost anything.
 */
export async function countEarlyTry(
  limits: RateLimits,
  user: Caller | undefined,
  problem: unknown,
): Promise<void> {
  if (!user || !(problem instanceof Problem) || problem.slug !== 'queue-not-admitted') return;
  await limits.consume('waiting', user.userId);
}

/** For a limit that only failures count against. @throws {Problem} rate-limited */
export async function heedKeyedLimit(limits: RateLimits, name: RateLimitName, key: string): Promise<void> {
  const state = await limits.look(name, key);
  if (state && !state.allowed) throw rateLimited(state);
}

/** draft-ietf-httpapi-ratelimit-headers-10: `q` quota, `w` window, `r` remaining, `t` seconds to the reset. */
export function rateLimitHeaders(state: RateLimitState): Record<string, string> {
  const { name, quota, windowSeconds, remaining, resetSeconds } = state;
  return {
    'RateLimit-Policy': `"${name}";q=${quota};w=${windowSeconds}`,
    RateLimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  };
}

function rateLimited(state: RateLimitState): Problem {
  return new Problem('rate-limited', `At most ${state.quota} requests in ${state.windowSeconds} s.`, {
    policy: state.name,
    retryAfter: state.resetSeconds,
  });
}
