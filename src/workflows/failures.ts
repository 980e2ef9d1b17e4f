import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ProblemMembers } from '../domain/problems';

/**
 * A refusal with a business name: what the API's problem table and an operator in the Temporal UI both read.
 * Benign: it is an answer, no fault of the service, and nothing retries it.
 *
 * @param type the problem's slug
 */
export function refuse(
  type: string | null | undefined,
  message: string,
  members: ProblemMembers = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    type: type ?? 'internal-error',
    message,
    details: [members],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** Why it was refused, in a word: the member `reason` where it has one, else its type. */
export function reasonOf(failure: ApplicationFailure): string {
  const { reason } = membersOf(failure);
  return typeof reason === 'string' ? reason : (failure.type ?? 'refused');
}

/** The members that {@link refuse} put into a failure. */
export function membersOf(failure: ApplicationFailure): ProblemMembers {
  const [members] = failure.details ?? [];
  return typeof members === 'object' && members !== null ? { ...members } : {};
}
