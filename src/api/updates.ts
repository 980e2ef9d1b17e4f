import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isProblemSlug, Problem } from '../domain/problems';
import { membersOf } from '../contract/failures';

/** Each attempt costs a workflow task. */
const UPDATE_ATTEMPTS = 3;

/**
 * Sends an update again if the workflow task that had taken it failed. This happens when the timer of the hold fires
 * while a payment ends the workflow. The server then keeps nothing of the update, whatever its steps have done. Sending
 * it again is safe, because every step may run again.
 */
export async function resendLostUpdate<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (attempt === UPDATE_ATTEMPTS || !hasLostItsTask(error)) throw error;
    }
  }
}

function hasLostItsTask(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(cause) && cause.code === status.FAILED_PRECONDITION;
}

/** Turns the failure of an update into the problem that it names; see `refuse` in the workflows. */
export async function asProblems<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const { cause } = error;
    if (!(cause instanceof ApplicationFailure) || !isProblemSlug(cause.type)) throw error;
    throw Problem.again(cause.type, cause.message, membersOf(cause));
  }
}
