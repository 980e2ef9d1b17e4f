import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { cancellation } from '../../workflows';
import {
  CANCEL_UPDATE,
  CANCELLATION_WORKFLOW,
  cancellationWorkflowId,
  type CancellationInput,
} from '../../workflows/messages';
import { asProblems, untilTaken } from '../updates';

/** The cancellation itself, and the 5 s for which its answer waits for the card's refund. */
const TIMEOUT_MS = 15_000;

/** How the API talks to the cancellations' workflows. */
export interface CancellationWorkflows {
  /**
   * Starts the cancellation, or joins the one that runs. Resolves once it is certain, and the card's refund with
   * it where that comes within seconds; whatever is left goes on by itself.
   *
   * @throws {Problem} not-cancellable with a `reason`
   */
  cancel(input: CancellationInput & { requestId: string }): Promise<void>;
}

export function createCancellationWorkflows(
  client: Client,
  { taskQueue }: { taskQueue: string },
): CancellationWorkflows {
  const startOperation = (input: CancellationInput) =>
    new WithStartWorkflowOperation<typeof cancellation>(CANCELLATION_WORKFLOW, {
      workflowId: cancellationWorkflowId(input.reservationId),
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Cancellation of reservation ${input.reservationId}`,
    });

  return {
    async cancel(input) {
      const { requestId } = input;
      const cancelling = client.withDeadline(Date.now() + TIMEOUT_MS, () =>
        untilTaken(() =>
          client.workflow.executeUpdateWithStart<typeof cancellation, void, [string]>(CANCEL_UPDATE, {
            // No update id: one that a closed run has completed would be answered by that run, and start nothing.
            startWorkflowOperation: startOperation(input),
            args: [requestId],
          }),
        ),
      );
      await asProblems(cancelling);
    },
  };
}
