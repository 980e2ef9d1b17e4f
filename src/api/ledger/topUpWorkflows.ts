import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { TopUp } from '../../db/ledger/topUpStore';
import {
  TOP_UP_WORKFLOW,
  topUpWorkflowId,
  type TopUpResult,
  type TopUpWorkflow,
} from '../../contract/ledger';

/** Longer than the slow failure of a gateway: three tries of a charge, each with a look-up. */
const TIMEOUT_MS = 20_000;

export interface TopUpWorkflows {
  /**
   * Makes a top-up that is recorded in Postgres, or waits for the workflow that makes it. If the first run was
   * terminated, a second run continues from the row.
   *
   * @throws if no response came in time; the workflow goes on
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
