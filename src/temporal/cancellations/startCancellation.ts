import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { OpenRequest } from '../../db/cancellations/cancellationRequestStore';
import {
  CANCELLATION_WORKFLOW,
  cancellationWorkflowId,
  type CancellationWorkflow,
} from '../../contract/cancellations';
import { SCHEDULE_ID, USER_ID } from '../../contract/searchAttributes';

/**
 * The start options for the workflow of a recorded cancellation. Its input is only the id. Operators filter by the
 * search attributes.
 *
 * @param summary one line for operators in the Temporal UI
 */
export function cancellationStart(
  taskQueue: string,
  { cancellationId, scheduleId, userId }: Pick<OpenRequest, 'cancellationId' | 'scheduleId' | 'userId'>,
  summary: string,
) {
  return {
    workflowId: cancellationWorkflowId(cancellationId),
    taskQueue,
    args: [{ cancellationId }],
    typedSearchAttributes: [
      { key: SCHEDULE_ID, value: scheduleId },
      { key: USER_ID, value: userId },
    ],
    staticSummary: summary,
    // After a run has ended or was terminated, another run continues from the rows.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  } satisfies WorkflowStartOptions<CancellationWorkflow>;
}

/** @returns false if a workflow of this cancellation runs: it is left alone */
export async function startCancellation(
  client: Client,
  taskQueue: string,
  request: OpenRequest,
  summary: string,
): Promise<boolean> {
  try {
    await client.workflow.start<CancellationWorkflow>(CANCELLATION_WORKFLOW, {
      ...cancellationStart(taskQueue, request, summary),
      workflowIdConflictPolicy: 'FAIL',
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
