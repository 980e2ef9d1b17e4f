import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { MembersArgument, ProblemMembers, ProblemSlug } from '../domain/problems';

/**
 * A refusal with a business name. The API's problem table and an operator in the Temporal UI read the same name. It is
 * benign: it is a response and no fault of the service, and nothing retries it.
 *
 * @param slug the name of the problem
 */
export function refuse<Slug extends ProblemSlug>(
  slug: Slug,
  message: string,
  ...[members]: MembersArgument<Slug>
): ApplicationFailure {
  return refuseAgain(slug, message, { ...members });
}

/** A refusal that was made before: it got its members then. */
export function refuseAgain(slug: ProblemSlug, message: string, members: ProblemMembers): ApplicationFailure {
  return ApplicationFailure.create({
    type: slug,
    message,
    details: [members],
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** The failure type of a step that cannot succeed until its cause is fixed. */
export const PERMANENT = 'permanent-failure';

/** A step fails permanently, and a retry cannot fix it. It is no refusal: operators must see it. */
export function cannotSucceed(activity: string, reason: string): ApplicationFailure {
  const message = `${activity}: ${reason}`;
  return ApplicationFailure.create({ type: PERMANENT, message, details: [activity], nonRetryable: true });
}

/** The members that {@link refuse} put into a failure. */
export function membersOf(failure: ApplicationFailure): ProblemMembers {
  const [members] = failure.details ?? [];
  return typeof members === 'object' && members !== null ? { ...members } : {};
}
