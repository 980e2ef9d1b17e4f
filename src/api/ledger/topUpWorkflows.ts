import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { TopUp } from '../../db/ledger/topUpStore';
import {
  TOP_UP_WORKFLOW,
  topUpWorkflowId,
  type TopUpResult,
  type TopUpWorkflow,
} from '../../contract/ledger';

/** Longer than a gateway that fails slowly: three tries of a charge, each looked up. */
const TIMEOUT_MS = 20_000;

export interface TopUpWorkflows {
  /**
   * Makes a top-up that is recorded in Postgres, or waits for the workflow that makes it. A second run, after the first
   * one was terminated, goes on from the row.
   *
   * @throws where no answer came in time; the workflow goes on
   */
  make(topUp: TopUp): Promise<TopUpResult>;
}

export function createTopUpWorkflows(client: Client, { taskQueue }: { taskQueue: string }): TopUpWorkflows {
  return {
    make: async (requested) =>
      client.withDeadline(Date.now() + TIMEOUT_MS, async () => (await start(requested)).result()),
  };

  async function start({ topUpId, amount, currency }: TopUp): Promise<WorkflowHandle<TopUpWorkflow>> {
    const workflowId = topUpWorkflowId(topUpId);
    try {
      return await client.workflow.start<TopUpWorkflow>(TOP_UP_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [{ topUpId }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `Top-up of ${amount} ${currency}`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return client.workflow.getHandle<TopUpWorkflow>(workflowId);
    }
  }
}
