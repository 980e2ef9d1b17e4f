import {
  WithStartWorkflowOperation,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Logger } from '../../config/logging';
import {
  HOLD_UPDATE,
  PAY_UPDATE,
  RELEASE_UPDATE,
  RESERVATION_WORKFLOW,
  reservationWorkflowId,
  type HeldReservation,
  type PayInput,
  type PayResult,
  type ReservationInput,
} from '../../workflows/messages';
import { attributesAtStart } from '../../workflows/searchAttributes';
import type { reservation } from '../../workflows';
import { asProblems, untilTaken } from '../updates';

/** A hold takes tens of milliseconds; where it takes this long no worker is there to make it. */
const HOLD_TIMEOUT_MS = 10_000;

/** Longer than a gateway that fails slowly: three tries of a charge, each looked up. */
const PAY_TIMEOUT_MS = 20_000;

const RELEASE_TIMEOUT_MS = 10_000;

/** How the API talks to the reservations' workflows. Refusals come back as problems. */
export interface ReservationWorkflows {
  /**
   * Starts the workflow with its hold, or joins the one that runs under the same id.
   *
   * @param summary one line for operators in the Temporal UI
   * @throws {Problem} the hold's refusal; temporarily-unavailable where no answer came in time
   */
  hold(input: ReservationInput, summary: string): Promise<HeldReservation>;
  /**
   * @returns null where the workflow has ended: Postgres knows how
   * @throws {Problem} the payment's refusal
   */
  pay(reservationId: string, input: PayInput): Promise<PayResult | null>;
  /**
   * @returns false where the workflow has ended before
   * @throws {Problem} reservation-not-releasable
   */
  release(reservationId: string): Promise<boolean>;
  /** Gives a hold up whose outcome is unknown. Best effort: the hold's own end stands behind it. */
  abandon(reservationId: string): Promise<void>;
}

export function createReservationWorkflows(
  client: Client,
  { taskQueue, logger }: { taskQueue: string; logger: Logger },
): ReservationWorkflows {
  const handleOf = (reservationId: string) =>
    client.workflow.getHandle<typeof reservation>(reservationWorkflowId(reservationId));

  return {
    async hold(input, summary) {
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof reservation>(
        RESERVATION_WORKFLOW,
        {
          workflowId: reservationWorkflowId(input.reservationId),
          taskQueue,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          typedSearchAttributes: attributesAtStart(input),
          staticSummary: summary,
        },
      );
      return asProblems(
        client.withDeadline(Date.now() + HOLD_TIMEOUT_MS, () =>
          client.workflow.executeUpdateWithStart<typeof reservation, HeldReservation, []>(HOLD_UPDATE, {
            startWorkflowOperation,
            // One hold for each workflow, whoever asks.
            updateId: HOLD_UPDATE,
          }),
        ),
      );
    },

    async pay(reservationId, input) {
      const paying = client.withDeadline(Date.now() + PAY_TIMEOUT_MS, () =>
        untilTaken(() =>
          handleOf(reservationId).executeUpdate<PayResult, [PayInput]>(PAY_UPDATE, {
            args: [input],
            updateId: input.paymentId,
          }),
        ),
      );
      try {
        return await asProblems(paying);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        // The payment goes on without us; the same key joins it.
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
          return { paymentId: input.paymentId, status: 'SETTLING' };
        }
        throw error;
      }
    },

    async release(reservationId) {
      const releasing = client.withDeadline(Date.now() + RELEASE_TIMEOUT_MS, () =>
        untilTaken(() => handleOf(reservationId).executeUpdate(RELEASE_UPDATE)),
      );
      try {
        await asProblems(releasing);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async abandon(reservationId) {
      try {
        await client.withDeadline(Date.now() + 2_000, () => handleOf(reservationId).cancel());
      } catch (error) {
        logger.warn({ err: error, reservationId }, 'a hold of unknown outcome could not be given up');
      }
    },
  };
}
