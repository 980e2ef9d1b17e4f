import type { IncomingMessage } from 'node:http';
import { AnyProblem, Problem } from '../../domain/problems';
import { RATE_LIMITS, type RateLimitName } from '../../domain/rateLimits';
import type { RateLimits, RateLimitState } from '../../redis/rateLimits';
import type { NetworkOf } from '../http/clientNetwork';
import type { Caller, EndpointDescription } from '../http/endpoint';
import type { ApiContext } from '../http/state';

export interface RequestLimits {
  /**
   * Counts a request against a limit of its user or, if no user is logged in, of its address. A limit counts a request
   * only once: a lane and then the endpoint find the same state.
   *
   * @returns as `RateLimits.consume`
   */
  count(
    request: IncomingMessage,
    name: RateLimitName,
    user: Pick<Caller, 'userId'> | undefined,
  ): Promise<RateLimitState | null>;
}

/**
 * A limit has rejected the request. The response names this limit in `RateLimit`, whatever other limits let the request
 * pass.
 */
export class RateLimited extends AnyProblem {
  constructor(readonly state: RateLimitState) {
    super('rate-limited', `At most ${state.quota} requests in ${state.windowSeconds} s.`, {
      policy: state.name,
      retryAfter: state.resetSeconds,
    });
  }
}

export function createRequestLimits(limits: RateLimits, networkOf: NetworkOf): RequestLimits {
  const counted = new WeakMap<IncomingMessage, Map<string, Promise<RateLimitState | null>>>();
  return {
    count(request, name, user) {
      const key = user && RATE_LIMITS[name].by === 'user' ? user.userId : networkOf(request);
      const states = counted.get(request) ?? new Map<string, Promise<RateLimitState | null>>();
      counted.set(request, states);
      const state = states.get(`${name} ${key}`) ?? limits.consume(name, key);
      states.set(`${name} ${key}`, state);
      return state;
    },
  };
}

/**
 * Counts a request against the limit of its endpoint. If the endpoint names no limit, this is the general limit of the
 * user or, if no user is logged in, of the address.
 *
 * @throws {RateLimited}
 */
export async function enforceRateLimit(
  ctx: ApiContext,
  limits: RequestLimits,
  endpoint: Pick<EndpointDescription, 'rateLimit'>,
  user: Caller | undefined,
): Promise<void> {
  if (endpoint.rateLimit === 'none') return;
  const state = await limits.count(ctx.req, endpoint.rateLimit ?? (user ? 'per-user' : 'per-address'), user);
  if (!state) return;
  ctx.set(rateLimitHeaders(state));
  if (!state.allowed) throw new RateLimited(state);
}

/** For requests that no endpoint takes: unknown paths, wrong methods, bad logins. @throws {RateLimited} */
export async function enforceAddressLimit(ctx: ApiContext, limits: RequestLimits): Promise<void> {
  await enforceRateLimit(ctx, limits, { rateLimit: 'per-address' }, undefined);
}

/**
 * Counts a request that tries to buy before its turn. The refusal of this request does not change. The limit rejects
 * the next such requests before they cost anything.
 */
export async function countEarlyTry(
  limits: RateLimits,
  user: Caller | undefined,
  problem: unknown,
): Promise<void> {
  if (!user || !(problem instanceof Problem) || problem.slug !== 'queue-not-admitted') return;
  await limits.consume('waiting', user.userId);
}

/** Checks a limit that counts only failures. @throws {RateLimited} */
export async function enforceKeyedLimit(limits: RateLimits, name: RateLimitName, key: string): Promise<void> {
  const state = await limits.look(name, key);
  if (state && !state.allowed) throw new RateLimited(state);
}

/** draft-ietf-httpapi-ratelimit-headers-10: `q` quota, `w` window, `r` remaining, `t` seconds to the reset. */
export function rateLimitHeaders(state: RateLimitState): Record<string, string> {
  const { name, quota, windowSeconds, remaining, resetSeconds } = state;
  return {
    'RateLimit-Policy': `"${name}";q=${quota};w=${windowSeconds}`,
    RateLimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  };
}
