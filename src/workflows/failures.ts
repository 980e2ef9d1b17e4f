import { ActivityFailure, ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
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
const PERMANENT = 'permanent-failure';

/** A step fails for good, and operators are to see it: no refusal, and nothing that a retry mends. */
export function cannotSucceed(activity: string, reason: string): ApplicationFailure {
  const message = `${activity}: ${reason}`;
  return ApplicationFailure.create({ type: PERMANENT, message, details: [activity], nonRetryable: true });
}

/** Why a step can never succeed as things are; null where it was refused, or a part failed instead. */
export function permanentFailureOf(error: unknown): { activity: string; message: string } | null {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure) || cause.type !== PERMANENT) return null;
  const [activity] = cause.details ?? [];
  return { activity: typeof activity === 'string' ? activity : 'a step', message: cause.message };
}

/** The named refusal inside a failed step, such as `insufficient-points`; null where a part failed instead. */
export function refusalOf(error: unknown): ApplicationFailure | null {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure && cause.nonRetryable && cause.type !== PERMANENT ? cause : null;
}

/** Why a step failed, in a word that an operator reads in a row. */
export function wordFor(error: unknown): string {
  const refusal = refusalOf(error);
  return refusal ? reasonOf(refusal) : 'internal-failure';
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

/** The failure of a local activity comes as it is, that of a normal one inside another. */
const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);
