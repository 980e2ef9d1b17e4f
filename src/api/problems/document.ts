import type { Problem } from '../../domain/problems';
import { PROBLEMS } from './table';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Seconds until a client may try again, if a problem does not say it itself. */
const DEFAULT_RETRY_SECONDS = 2;

/** A response in the form of RFC 9457. */
export interface ProblemAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** @param instance the path of the request without its query, which may contain private data */
export function problemAnswer(problem: Problem, instance: string): ProblemAnswer {
  const { status, title } = PROBLEMS[problem.slug];
  return {
    status,
    headers: {
      'Content-Type': PROBLEM_MEDIA_TYPE,
      'Cache-Control': 'no-store',
      ...statusHeaders(problem, status),
    },
    body: JSON.stringify({
      // These come first, so that none of them replaces a member of RFC 9457.
      ...problem.members,
      type: `/problems/${problem.slug}`,
      title,
      status,
      detail: problem.message,
      instance,
    }),
  };
}

/** The headers that HTTP requires with a status: RFC 9110, 15.5.2 (401), 10.2.3 (Retry-After). */
function statusHeaders(problem: Problem, status: number): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer realm="holdfast"' };
  if (status !== 429 && status !== 503) return {};
  const { retryAfter } = problem.members;
  return { 'Retry-After': String(typeof retryAfter === 'number' ? retryAfter : DEFAULT_RETRY_SECONDS) };
}
