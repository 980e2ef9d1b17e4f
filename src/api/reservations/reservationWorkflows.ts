import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Logger } from '../../config/logging';
import type { Payment } from '../../db/payments/paymentStore';
import type { Reservation } from '../../db/reservations/reservationStore';
import {
  PAY_UPDATE,
  RELEASE_UPDATE,
  reservationWorkflowId,
  type PayInput,
  type PayResult,
  type ReservationWorkflow,
} from '../../contract/reservations';
import {
  adoptReservation,
  startReservation,
  type ReservationRun,
  type ReservationStart,
} from '../../temporal/reservations/startReservation';
import { asProblems, resendLostUpdate } from '../updates';

/** A start takes milliseconds. The API has to grant a hold within 15 s of it. */
const START_TIMEOUT_MS = 5_000;

/** Longer than the slow failure of a gateway: three tries of a charge, each with a look-up. */
const PAY_TIMEOUT_MS = 20_000;

/** Longer than the 10 s after which Temporal gives the task of a worker that died to another one. */
const RELEASE_TIMEOUT_MS = 15_000;

/** Nothing depends on it: a run without a row ends by its own timer. */
const END_TIMEOUT_MS = 2_000;

export type RequestedPayment = Pick<Payment, 'paymentId' | 'reservationId' | 'createdAt'>;

/** How the API talks to reservation workflows. Refusals come back as problems. */
export interface ReservationWorkflows {
  /**
   * Starts the workflow of a reservation that has no row yet, or finds the one that runs.
   *
   * @throws if Temporal cannot be reached
   */
  start(hold: Omit<ReservationStart, 'settleSeconds'>): Promise<ReservationRun>;
  /**
   * Asks a run to end its hold, if it has one. Best effort, never rejects: the timer of the run ends the hold anyway.
   */
  cancel(reservationId: string, runId: string): Promise<void>;
  /** Ends a run under which nothing can be granted any more, so that a new one can start. */
  discard(reservationId: string, runId: string): Promise<void>;
  /**
   * Makes a payment that is recorded in Postgres.
   *
   * @returns null if the workflow has ended: Postgres knows how
   * @throws {Problem} the refusal of the payment
   * @throws if no response came in time; the payment may go on
   */
  pay(payment: RequestedPayment): Promise<PayResult | null>;
  /**
   * @returns false if the workflow had ended before
   * @throws {Problem} reservation-not-releasable
   */
  release(reservationId: string): Promise<boolean>;
  /** Starts a new workflow for an open reservation whose workflow is gone. It ends the reservation by the same path. */
  adopt(reservation: Reservation): Promise<void>;
}

export function createReservationWorkflows(
  client: Client,
  {
    taskQueue,
    settleSeconds,
    logger,
  }: {
    taskQueue: string;
    /** How long past the hold an unknown payment may keep the seats. */
    settleSeconds: number;
    logger: Logger;
  },
): ReservationWorkflows {
  const handleOf = (reservationId: string, runId?: string) =>
    client.workflow.getHandle<ReservationWorkflow>(reservationWorkflowId(reservationId), runId);

  const start: ReservationWorkflows['start'] = async (hold) =>
    client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      startReservation(client, taskQueue, { ...hold, settleSeconds }),
    );

  return {
    start,

    async cancel(reservationId, runId) {
      try {
        await client.withDeadline(Date.now() + END_TIMEOUT_MS, () => handleOf(reservationId, runId).cancel());
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return;
        logger.warn({ err: error, reservationId }, 'the workflow of a refused hold could not be cancelled');
      }
    },

    async discard(reservationId, runId) {
      try {
        await client.withDeadline(Date.now() + END_TIMEOUT_MS, () =>
          handleOf(reservationId, runId).terminate(
            'No hold was granted in time. A repeated request starts again.',
          ),
        );
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    async pay({ paymentId, reservationId, createdAt }) {
      // A payment that was withdrawn and requested again is another update: the first one may have ended in a refusal.
      const updateId = `${paymentId}-${createdAt.getTime()}`;
      const paying = client.withDeadline(Date.now() + PAY_TIMEOUT_MS, () =>
        resendLostUpdate(() =>
          handleOf(reservationId).executeUpdate<PayResult, [PayInput]>(PAY_UPDATE, {
            args: [{ paymentId }],
            updateId,
          }),
        ),
      );
      try {
        return await asProblems(paying);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },

    async release(reservationId) {
      const releasing = client.withDeadline(Date.now() + RELEASE_TIMEOUT_MS, () =>
        resendLostUpdate(() => handleOf(reservationId).executeUpdate(RELEASE_UPDATE)),
      );
      try {
        await asProblems(releasing);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async adopt({ reservationId, userId, scheduleId, heldAt, expiresAt }) {
      const reservation = { reservationId, userId, scheduleId, heldAt, expiresAt, settleSeconds };
      await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
        adoptReservation(client, taskQueue, reservation),
      );
    },
  };
}
