import { activityInfo } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { Logger } from '../config/logging';
import { Problem } from '../domain/problems';
import { cannotSucceed, refuseAgain } from '../contract/failures';
import { permanentCauseOf } from './permanence';

/** How operators learn of steps that cannot succeed. */
export interface PermanentFailureReport {
  logger: Logger;
  /** Counts one, by the name of its activity. */
  permanentFailure: (activity: string) => void;
}

/**
 * Decides for every activity, in one place, whether its failure is retried. A problem is a named response, and a step
 * that cannot succeed is a named failure: nothing retries them. Every other failure may pass.
 */
export class ProblemInterceptor implements ActivityInboundCallsInterceptor {
  constructor(private readonly report: PermanentFailureReport) {}

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof Problem) throw refuseAgain(error.slug, error.message, error.members);
      const reason = permanentCauseOf(error);
      if (reason === null) throw error;
      const { activityType, workflowExecution } = activityInfo();
      // Without the detail of a Postgres error, which quotes the row.
      const stack = error instanceof Error ? error.stack : undefined;
      this.report.logger.error({ activity: activityType, workflowExecution, stack }, reason);
      this.report.permanentFailure(activityType);
      throw cannotSucceed(activityType, reason);
    }
  }
}
