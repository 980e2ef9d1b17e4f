import { Problem } from '../../domain/problems';
import { isDependencyFailure } from './dependencyFailure';

/**
 * Turns whatever was raised into a problem that tells nothing of the inside. The only place that does so.
 * A problem of status 500 or more that did not start as one is for the log, too; see the error middleware.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isDependencyFailure(error)
    ? new Problem('temporarily-unavailable', 'A part of the service is not available right now.')
    : new Problem('internal-error', 'The request failed for a reason on our side.');
}
