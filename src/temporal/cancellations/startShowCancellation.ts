import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import {
  SETTINGS_SIGNAL,
  SHOW_CANCELLATION_WORKFLOW,
  showCancellationWorkflowId,
  type ShowCancellationInput,
  type ShowCancellationWorkflow,
} from '../../contract/cancellations';
import { SCHEDULE_ID } from '../../contract/searchAttributes';

/**
 * Makes the workflow of a cancelled show read its row. A workflow that waits because of a pause reads it at once. If no
 * workflow runs, for whatever reason, this starts one.
 */
export async function signalShowCancellation(
  client: Client,
  taskQueue: string,
  scheduleId: string,
): Promise<void> {
  await client.workflow.signalWithStart<ShowCancellationWorkflow>(SHOW_CANCELLATION_WORKFLOW, {
    ...startOf(taskQueue, scheduleId),
    signal: SETTINGS_SIGNAL,
  });
}

/** @returns false if a workflow of this show runs: it is left alone */
export async function startShowCancellation(
  client: Client,
  taskQueue: string,
  scheduleId: string,
): Promise<boolean> {
  try {
    await client.workflow.start<ShowCancellationWorkflow>(
      SHOW_CANCELLATION_WORKFLOW,
      startOf(taskQueue, scheduleId),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

function startOf(taskQueue: string, scheduleId: string) {
  const args: [ShowCancellationInput] = [{ scheduleId }];
  return {
    workflowId: showCancellationWorkflowId(scheduleId),
    taskQueue,
    args,
    typedSearchAttributes: [{ key: SCHEDULE_ID, value: scheduleId }],
    staticSummary: 'Refund all reservations of a cancelled show',
  };
}
