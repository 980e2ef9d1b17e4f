import { Problem } from '../../domain/problems';
import { isDependencyFailure } from './dependencyFailure';

/**
 * Turns any error into a problem that reveals nothing about the inside. Only this function does so. The error
 * middleware logs an error that becomes a problem of status 500 or more.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isDependencyFailure(error)
    ? new Problem('temporarily-unavailable', 'A part of the service is not available right now.')
    : new Problem('internal-error', 'The request failed because of a fault in the service.');
}
