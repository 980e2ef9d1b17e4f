import type { Logger } from '../../config/logging';
import { Problem } from '../../domain/problems';
import type { Middleware } from '../http/state';
import { problemAnswer } from '../problems/document';
import { toProblem } from '../problems/toProblem';

/**
 * Answers everything that was thrown below as problem+json. What was not thrown on purpose is logged with
 * its stack; the client sees the request id and no more.
 */
export function answerProblems(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const problem = toProblem(error);
      const answer = problemAnswer(problem, ctx.path);
      if (!(error instanceof Problem) && answer.status >= 500) {
        const level = problem.slug === 'internal-error' ? 'error' : 'warn';
        logger[level]({ err: error, requestId: ctx.state.requestId, route: ctx.state.route }, problem.slug);
      }
      ctx.status = answer.status;
      ctx.set(answer.headers);
      ctx.body = answer.body;
    }
  };
}
