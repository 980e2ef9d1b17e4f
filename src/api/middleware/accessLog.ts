import type { Logger } from '../../config/logging';
import type { Middleware } from '../http/state';
import type { HttpMetrics } from '../service/metrics';

/**
 * One line and one observation for each answer, when it is out. The path goes without its query, and no
 * header is logged: either may carry a token.
 */
export function accessLog(logger: Logger, metrics: HttpMetrics): Middleware {
  return async (ctx, next) => {
    const start = performance.now();
    ctx.res.once('close', () => {
      const milliseconds = performance.now() - start;
      const route = ctx.state.route ?? 'unknown';
      metrics.observe({ method: ctx.method, route, status: ctx.res.statusCode, milliseconds });
      logger.info(
        {
          requestId: ctx.state.requestId,
          method: ctx.method,
          path: ctx.path,
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
