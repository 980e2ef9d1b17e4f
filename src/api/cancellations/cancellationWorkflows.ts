import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { OpenRequest } from '../../db/cancellations/cancellationRequestStore';
import { cancellationStart } from '../../temporal/cancellations/startCancellation';
import {
  CANCELLATION_WORKFLOW,
  DECIDED_UPDATE,
  type CancellationWorkflow,
} from '../../contract/cancellations';
import { asProblems, resendLostUpdate } from '../updates';

/** Covers the cancellation itself, and the 5 s that its response waits for the card refund. */
const TIMEOUT_MS = 15_000;

/** How the API talks to cancellation workflows. */
export interface CancellationWorkflows {
  /**
   * Starts the workflow of a recorded request, or joins the one that runs. Resolves when the request is decided. If the
   * card refund takes only seconds, it waits for the refund too. Postgres has the decision.
   *
   * @throws {Problem} internal-error if an operator has to look at the reservation first
   * @throws if no response came in time
   */
  decide(request: OpenRequest): Promise<void>;
}

export function createCancellationWorkflows(
  client: Client,
  { taskQueue }: { taskQueue: string },
): CancellationWorkflows {
  const startOperation = (request: OpenRequest) => {
    const summary = `Cancellation of reservation ${request.reservationId}`;
    return new WithStartWorkflowOperation<CancellationWorkflow>(CANCELLATION_WORKFLOW, {
      ...cancellationStart(taskQueue, request, summary),
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
  };

  return {
    async decide(request) {
      const deciding = client.withDeadline(Date.now() + TIMEOUT_MS, () =>
        resendLostUpdate(() =>
          client.workflow.executeUpdateWithStart<CancellationWorkflow, void, []>(DECIDED_UPDATE, {
            // No update id. If a closed run has completed an update with this id, Temporal would return the result of
            // that run and start nothing.
            startWorkflowOperation: startOperation(request),
          }),
        ),
      );
      await asProblems(deciding);
    },
  };
}
