import {
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { Problem } from '../../domain/problems';
import {
  TOP_UP_WORKFLOW,
  topUpWorkflowId,
  type TopUpInput,
  type TopUpResult,
} from '../../workflows/messages';
import type { topUp } from '../../workflows';

/** Longer than a gateway that fails slowly: three tries of a charge, each looked up. */
const TIMEOUT_MS = 20_000;

export interface TopUpWorkflows {
  /**
   * Buys points, once for each `topUpId`: whoever asks again gets the result of the same workflow.
   *
   * @throws {Problem} temporarily-unavailable where the outcome is not known yet; the workflow goes on
   */
  buy(input: TopUpInput): Promise<TopUpResult>;
}

export function createTopUpWorkflows(client: Client, { taskQueue }: { taskQueue: string }): TopUpWorkflows {
  return {
    async buy(input) {
      try {
        return await client.withDeadline(Date.now() + TIMEOUT_MS, async () =>
          (await startOnce(input)).result(),
        );
      } catch (error) {
        if (error instanceof WorkflowFailedError || isGrpcDeadlineError(error)) {
          throw new Problem('temporarily-unavailable', "The gateway's answer is not known yet.");
        }
        throw error;
      }
    },
  };
  /** The workflow of this top-up, which may run or have ended under an earlier request. */
  async function startOnce(input: TopUpInput): Promise<WorkflowHandle<typeof topUp>> {
    const workflowId = topUpWorkflowId(input.topUpId);
    try {
      return await client.workflow.start<typeof topUp>(TOP_UP_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `Top-up of ${input.amount} ${input.currency}`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return client.workflow.getHandle<typeof topUp>(workflowId);
    }
  }
}
