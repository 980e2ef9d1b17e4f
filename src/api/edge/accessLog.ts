import type { Logger } from '../../config/logging';
import type { LogSampler } from '../../config/logSampler';
import type { ProblemSlug } from '../../domain/problems';
import type { Middleware, RequestState } from '../http/state';
import type { HttpMetrics } from './metrics';

/** A path of this API has at most 120 characters. The path of an attacker can be as long as the headers may be. */
const PATH_LENGTH = 200;

/** The problems that any client can cause, as often as it likes. */
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
 * Records one observation and one log line for each response, when it is complete. Of refusals and probes it logs only
 * a sample. It logs the path without its query, and no header: either may carry a token.
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
          // The client left before the response was complete.
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
