import { Router, type RouterMiddleware } from '@koa/router';
import { Problem } from '../../domain/problems';
import type { RateLimits } from '../../redis/rateLimits';
import type { Authenticate } from '../accounts/accessTokens';
import type { Idempotency } from '../idempotency/idempotency';
import { createBodyReader } from '../http/body';
import type { ReadBytes } from '../http/bodyBytes';
import type { NetworkOf } from '../http/clientNetwork';
import type { Caller, Endpoint } from '../http/endpoint';
import { parseQuery } from '../http/query';
import { countEarlyTry, enforceAddressLimit, enforceRateLimit, type RequestLimits } from './rateLimit';
import { sendAnswer } from '../http/answer';
import { toHttpRequest } from '../http/httpRequest';
import type { ApiContext, Middleware, RequestState } from '../http/state';

export interface RouterDependencies {
  authenticate: Authenticate;
  limits: RateLimits;
  requestLimits: RequestLimits;
  networkOf: NetworkOf;
  readBytes: ReadBytes;
  idempotency: Idempotency;
  /** Aborted when the service stops: event streams end then. */
  stopping: AbortSignal;
}

/**
 * The router of all endpoints. A request passes these steps in order: authenticate, count against the limits, read the
 * body, validate and handle, respond. The API never reads the body of a client that may not send it. Two endpoints with
 * the same method and path stop the start.
 */
export function createRouter(
  endpoints: readonly Endpoint[],
  dependencies: RouterDependencies,
): Router<RequestState> {
  const router = new Router<RequestState>();
  const seen = new Set<string>();
  for (const endpoint of endpoints) {
    const name = `${endpoint.method} ${endpoint.path}`;
    if (seen.has(name)) throw new Error(`two endpoints are ${name}`);
    seen.add(name);
    router.register(toKoaPath(endpoint.path), [endpoint.method], mount(endpoint, dependencies), { name });
  }
  return router;
}

/**
 * Handles every request that no endpoint took: 405 with `Allow` if the path exists, a response to OPTIONS, else 404.
 */
export function refuseUnknown(router: Router<RequestState>, limits: RequestLimits): Middleware {
  return async (ctx) => {
    await enforceAddressLimit(ctx, limits);
    const methods = router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods);
    if (methods.length === 0) throw new Problem('not-found', 'There is no such path.');
    ctx.set('Allow', [...new Set([...methods, 'OPTIONS'])].join(', '));
    if (ctx.method !== 'OPTIONS') {
      throw new Problem('method-not-allowed', `${ctx.method} is not allowed here; see the header Allow.`);
    }
    ctx.status = 204;
  };
}

function mount(endpoint: Endpoint, dependencies: RouterDependencies): RouterMiddleware<RequestState> {
  const { authenticate, limits, requestLimits, idempotency } = dependencies;
  const readBody = createBodyReader(endpoint, dependencies.readBytes);

  async function findCaller(ctx: ApiContext): Promise<Caller | undefined> {
    try {
      return await authenticate(endpoint.access, ctx.req.headers.authorization);
    } catch (refusal) {
      await enforceAddressLimit(ctx, requestLimits);
      throw refusal;
    }
  }

  return async (ctx) => {
    ctx.state.route = endpoint.path;
    if (endpoint.rateLimit === 'none') ctx.state.isProbe = true;
    const user = await findCaller(ctx);
    if (user) ctx.state.user = user;
    await enforceRateLimit(ctx, requestLimits, endpoint, user);
    const request = {
      http: toHttpRequest(ctx, dependencies),
      user,
      params: ctx.params,
      query: parseQuery(ctx.querystring),
      body: await readBody(ctx),
      idempotency,
    };
    const answer = await endpoint.handle(request).catch(async (problem: unknown) => {
      await countEarlyTry(limits, user, problem);
      throw problem;
    });
    sendAnswer(ctx, endpoint, answer);
  };
}

function toKoaPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
