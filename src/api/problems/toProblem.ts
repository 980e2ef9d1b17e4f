import { Problem } from '../../domain/problems';
import { isDependencyFailure } from './dependencyFailure';

/**
 * Turns whatever was raised into a problem that tells nothing of the inside. The only place that does so.
 * A problem of status 500 or more that did not start as one is for the log, too; see the error middleware.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return (
    bodyProblem(error) ??
    (isDependencyFailure(error)
      ? new Problem('temporarily-unavailable', 'A part of the service is not available right now.')
      : new Problem('internal-error', 'The request failed for a reason on our side.'))
  );
}

/** What the body parser raises: `raw-body` and `inflation` name a type or a status, JSON is a SyntaxError. */
function bodyProblem(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('status' in error)) return null;
  switch (error.status) {
    case 413:
      return new Problem('body-too-large', limitDetail(error));
    case 415:
      return new Problem('unsupported-media-type', 'The body has an encoding that is not supported.');
    case 400:
      return error instanceof SyntaxError
        ? new Problem('malformed-json', 'The body is not a JSON object.')
        : new Problem('malformed-request', 'The body ended early or has another length than it says.');
    default:
      return null;
  }
}

function limitDetail(error: Error): string {
  const limit = 'limit' in error && typeof error.limit === 'number' ? ` of ${error.limit} bytes` : '';
  return `The body is larger than the limit${limit}.`;
}
