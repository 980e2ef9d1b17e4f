import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { Problem } from '../domain/problems';
import { refuse } from '../workflows/failures';

/** A problem that an activity raises is an answer with a name: it travels as such and nothing retries it. */
export class ProblemInterceptor implements ActivityInboundCallsInterceptor {
  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof Problem) throw refuse(error.slug, error.message, error.members);
      throw error;
    }
  }
}
