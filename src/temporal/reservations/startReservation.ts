import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { z } from 'zod';
import {
  RESERVATION_WORKFLOW,
  reservationWorkflowId,
  type ReservationInput,
  type ReservationWorkflow,
} from '../../contract/reservations';
import { attributesAtStart } from '../../contract/searchAttributes';

/** The data for a new workflow of a reservation. */
export interface ReservationStart {
  reservationId: string;
  userId: string;
  scheduleId: string;
  heldAt: Date;
  expiresAt: Date;
  /** How long an unknown payment may keep the seats after the end of the hold. */
  settleSeconds: number;
  /** One line for operators in the Temporal UI. */
  summary: string;
}

/** One run of the workflow of a reservation, with the times that it got at its start. */
export interface ReservationRun {
  runId: string;
  heldAt: Date;
  expiresAt: Date;
  /** False if it ran already. */
  isNew: boolean;
}

/** The memo lets a second API process find the times of a run without a worker. ISO 8601. */
const memoSchema = z.object({ heldAt: z.iso.datetime(), expiresAt: z.iso.datetime() });

/** A run may end between the rejected start and the look-up. */
const ATTEMPTS = 3;

/**
 * Starts the workflow of a reservation, or finds the one that runs. It never replaces a running one, which may be in
 * the middle of a payment. It needs no worker.
 *
 * @throws if Temporal cannot be reached; the workflow may have been started nevertheless
 */
export async function startReservation(
  client: Client,
  taskQueue: string,
  start: ReservationStart,
): Promise<ReservationRun> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startNew(client, taskQueue, start);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const running = await findRunning(client, start.reservationId);
      if (running) return running;
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Operators read this on a workflow that takes over. */
const ADOPTED = 'Takes over a reservation whose workflow is gone';

/**
 * Starts a new workflow for an open reservation whose workflow is gone. It ends the reservation by the same path as
 * always.
 *
 * @returns false if a workflow of the reservation runs: it is left alone
 */
export async function adoptReservation(
  client: Client,
  taskQueue: string,
  start: Omit<ReservationStart, 'summary'>,
): Promise<boolean> {
  try {
    await startNew(client, taskQueue, { ...start, summary: ADOPTED });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function startNew(client: Client, taskQueue: string, start: ReservationStart): Promise<ReservationRun> {
  const { reservationId, userId, scheduleId, heldAt, expiresAt, settleSeconds, summary } = start;
  const input: ReservationInput = {
    reservationId,
    userId,
    scheduleId,
    expiresAt: expiresAt.getTime(),
    settleSeconds,
  };
  const { firstExecutionRunId } = await client.workflow.start<ReservationWorkflow>(RESERVATION_WORKFLOW, {
    workflowId: reservationWorkflowId(reservationId),
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
    // A failed try has ended its run. The next try runs under the same id.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    typedSearchAttributes: attributesAtStart(input),
    memo: { heldAt: heldAt.toISOString(), expiresAt: expiresAt.toISOString() },
    staticSummary: summary,
  });
  return { runId: firstExecutionRunId, heldAt, expiresAt, isNew: true };
}

async function findRunning(client: Client, reservationId: string): Promise<ReservationRun | null> {
  try {
    const found = await client.workflow.getHandle(reservationWorkflowId(reservationId)).describe();
    if (found.status.name !== 'RUNNING') return null;
    const { heldAt, expiresAt } = memoSchema.parse(found.memo);
    return { runId: found.runId, heldAt: new Date(heldAt), expiresAt: new Date(expiresAt), isNew: false };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
