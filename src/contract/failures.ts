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

/** The type of the failure of a step that can never succeed as things are. */
export const PERMANENT = 'permanent-failure';

/** A step fails for good, and operators are to see it: no refusal, and nothing that a retry mends. */
export function cannotSucceed(activity: string, reason: string): ApplicationFailure {
  const message = `${activity}: ${reason}`;
  return ApplicationFailure.create({ type: PERMANENT, message, details: [activity], nonRetryable: true });
}

/** The members that {@link refuse} put into a failure. */
export function membersOf(failure: ApplicationFailure): ProblemMembers {
  const [members] = failure.details ?? [];
  return typeof members === 'object' && members !== null ? { ...members } : {};
}
