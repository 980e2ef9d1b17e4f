import type { Evidence } from '../evidence/evidence';
import { groupBy } from '../evidence/groupBy';

/**
 * Invariant 7: a key has one effect and one final response. A client that repeats a request under its key gets the same
 * success each time. 202 is not final.
 */
export function idempotency({ clients: { keyed } }: Evidence): string[] {
  const successes = keyed.filter(({ status }) => status >= 200 && status < 300 && status !== 202);
  const faults: string[] = [];
  for (const [name, responses] of groupBy(
    successes,
    ({ user, route, key }) => `${route} of user ${user}, key ${key}`,
  )) {
    const different = new Set(responses.map(({ status, body }) => `${status} ${body}`));
    if (different.size > 1) faults.push(`${name}: ${different.size} different responses`);
  }
  return faults;
}
