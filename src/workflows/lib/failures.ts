import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { membersOf, PERMANENT } from '../../contract/failures';

/**
 * Why a step cannot succeed until its cause is fixed. Null if the step was refused, or if a part of the service failed.
 */
export function permanentFailureOf(error: unknown): { activity: string; message: string } | null {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure) || cause.type !== PERMANENT) return null;
  const [activity] = cause.details ?? [];
  return { activity: typeof activity === 'string' ? activity : 'a step', message: cause.message };
}

/**
 * The named refusal inside a failed step, such as `insufficient-points`. Null if a part of the service failed instead.
 */
export function refusalOf(error: unknown): ApplicationFailure | null {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure && cause.nonRetryable && cause.type !== PERMANENT ? cause : null;
}

/** Why a step failed, as one word that an operator reads in a row. */
export function failureReasonOf(error: unknown): string {
  const refusal = refusalOf(error);
  return refusal ? reasonOf(refusal) : 'internal-failure';
}

/** Why it was refused, as one word: the member `reason` if it has one, else its type. */
export function reasonOf(failure: ApplicationFailure): string {
  const { reason } = membersOf(failure);
  return typeof reason === 'string' ? reason : (failure.type ?? 'refused');
}

/** The failure of a local activity arrives as it is. The failure of a normal activity arrives inside another one. */
const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);
