import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { OpenRequest } from '../../db/cancellations/cancellationRequestStore';
import { cancellationStart } from '../../temporal/cancellations/startCancellation';
import {
  CANCELLATION_WORKFLOW,
  DECIDED_UPDATE,
  type CancellationWorkflow,
} from '../../contract/cancellations';
import { asProblems, untilTaken } from '../updates';

/** The cancellation itself, and the 5 s for which its answer waits for the card's refund. */
const TIMEOUT_MS = 15_000;

/** How the API talks to the cancellations' workflows. */
export interface CancellationWorkflows {
  /**
   * Starts the workflow of a recorded request, or joins the one that runs. Resolves once it is decided, and the card is
   * refunded where that comes within seconds. What was decided is in Postgres.
   *
   * @throws {Problem} internal-error where an operator has to look first
   * @throws where no answer came in time
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
        untilTaken(() =>
          client.workflow.executeUpdateWithStart<CancellationWorkflow, void, []>(DECIDED_UPDATE, {
            // No update id: one that a closed run has completed would be answered by that run, and start nothing.
            startWorkflowOperation: startOperation(request),
          }),
        ),
      );
      await asProblems(deciding);
    },
  };
}
