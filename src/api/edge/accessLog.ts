import type { Logger } from '../../config/logging';
import type { LogSampler } from '../../config/logSampler';
import type { ProblemSlug } from '../../domain/problems';
import type { Middleware, RequestState } from '../http/state';
import type { HttpMetrics } from './metrics';

/** A path of ours is 120 characters long at most; an attacker's is as long as the headers may be. */
const PATH_LENGTH = 200;

/** What the edge answers to anybody, as often as they like. */
const REFUSALS: ReadonlySet<ProblemSlug> = new Set([
  'rate-limited',
  'unauthenticated',
  'not-found',
  'method-not-allowed',
  'malformed-request',
  'malformed-json',
  'body-too-large',
  'unsupported-media-type',
  'webhook-rejected',
  'temporarily-unavailable',
]);

/**
 * One observation for each answer, when it is out, and one line; of refusals and of probes a sample. The path goes
 * without its query, and no header is logged: either may carry a token.
 */
export function accessLog(logger: Logger, sampler: LogSampler, metrics: HttpMetrics): Middleware {
  return async (ctx, next) => {
    const start = performance.now();
    ctx.res.once('close', () => {
      const milliseconds = performance.now() - start;
      const route = ctx.state.route ?? 'unknown';
      metrics.observe({ method: ctx.method, route, status: ctx.res.statusCode, milliseconds });
      const kind = sampledAs(ctx.state);
      if (kind !== undefined && !sampler.admits(kind)) return;
      logger.info(
        {
          requestId: ctx.state.requestId,
          method: ctx.method,
          path: ctx.path.slice(0, PATH_LENGTH),
          status: ctx.res.statusCode,
          milliseconds: Math.round(milliseconds * 10) / 10,
          userId: ctx.state.user?.userId,
          // The client left before the answer was complete.
          ...(ctx.res.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    await next();
  };
}

function sampledAs({ problem, isProbe, route }: RequestState): string | undefined {
  if (problem && REFUSALS.has(problem)) return problem;
  return isProbe ? route : undefined;
}
