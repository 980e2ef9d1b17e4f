import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  ADJUST_UPDATE,
  BEGIN_UPDATE,
  SHOW_CANCELLATION_WORKFLOW,
  showCancellationWorkflowId,
  type ShowAdjustment,
  type ShowCancellationInput,
} from '../../../workflows/messages';
import { SCHEDULE_ID } from '../../../workflows/searchAttributes';
import type { showCancellation } from '../../../workflows';
import { asProblems, untilTaken } from '../../updates';

/** Closing a sale takes milliseconds; where it takes this long no worker is there to do it. */
const TIMEOUT_MS = 10_000;

/** How the API talks to the workflows that cancel shows. */
export interface ShowCancellationWorkflows {
  /**
   * Starts the workflow, or joins the one that runs. Resolves once the sale is closed for good.
   *
   * @throws where no answer came in time; the workflow goes on
   */
  begin(input: ShowCancellationInput): Promise<void>;
  /** @returns false where no workflow runs */
  adjust(scheduleId: string, change: ShowAdjustment): Promise<boolean>;
}

export function createShowCancellationWorkflows(
  client: Client,
  { taskQueue }: { taskQueue: string },
): ShowCancellationWorkflows {
  return {
    async begin(input) {
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof showCancellation>(
        SHOW_CANCELLATION_WORKFLOW,
        {
          workflowId: showCancellationWorkflowId(input.scheduleId),
          taskQueue,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          typedSearchAttributes: [{ key: SCHEDULE_ID, value: input.scheduleId }],
          staticSummary: `Refund everybody at ${input.refundsPerSecond} a second`,
        },
      );
      await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
        client.workflow.executeUpdateWithStart<typeof showCancellation, void, []>(BEGIN_UPDATE, {
          startWorkflowOperation,
          // No update id: one that a closed run has completed would be answered by that run, and start nothing.
        }),
      );
    },

    async adjust(scheduleId, change) {
      const handle = client.workflow.getHandle<typeof showCancellation>(
        showCancellationWorkflowId(scheduleId),
      );
      try {
        const adjusting = client.withDeadline(Date.now() + TIMEOUT_MS, () =>
          untilTaken(() => handle.executeUpdate<void, [ShowAdjustment]>(ADJUST_UPDATE, { args: [change] })),
        );
        await asProblems(adjusting);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}
