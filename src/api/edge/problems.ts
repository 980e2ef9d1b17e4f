import type { Logger } from '../../config/logging';
import type { LogSampler } from '../../config/logSampler';
import { Problem } from '../../domain/problems';
import { RateLimited, rateLimitHeaders } from './rateLimit';
import type { ApiContext, Middleware } from '../http/state';
import { problemAnswer } from '../problems/document';
import { toProblem } from '../problems/toProblem';

/**
 * Turns every error from below into a response of type problem+json. It logs an error that was not thrown on purpose
 * with its stack, but only a sample of each kind. The client sees only the request id.
 */
export function answerProblems(logger: Logger, sampler: LogSampler): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const problem = toProblem(error);
      const answer = problemAnswer(problem, ctx.path);
      const { requestId, route } = ctx.state;
      const isFailure = !(error instanceof Problem) && answer.status >= 500;
      if (isFailure && sampler.admits(`${problem.slug} ${route ?? 'unknown'}`)) {
        const level = problem.slug === 'internal-error' ? 'error' : 'warn';
        logger[level]({ err: error, requestId, route }, problem.slug);
      }
      ctx.state.problem = problem.slug;
      ctx.status = answer.status;
      ctx.set(answer.headers);
      if (problem.slug === 'rate-limited') nameLimit(ctx, problem);
      // The server does not read the rest of the body: see `startServer`.
      if (!ctx.req.complete) ctx.set('Connection', 'close');
      ctx.body = answer.body;
    }
  };
}

/** Another limit may have let the request pass before. That limit does not say when to come back. */
function nameLimit(ctx: ApiContext, problem: Problem): void {
  ctx.remove('RateLimit');
  ctx.remove('RateLimit-Policy');
  const { policy, retryAfter } = problem.members;
  if (problem instanceof RateLimited) ctx.set(rateLimitHeaders(problem.state));
  // No quota explains this refusal, for example of a second login during another one.
  else if (typeof policy === 'string') ctx.set('RateLimit', `"${policy}";r=0;t=${String(retryAfter)}`);
}
