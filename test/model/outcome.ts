import { expectProblem, expectStatus } from '../e2e/client';
import type { Reply } from '../e2e/reply';

/** The status of a response. For an error also the slug of the problem, and its members. */
export interface Outcome {
  status: number;
  problem?: string;
  members?: Record<string, unknown>;
}

export const success = (status: number): Outcome => ({ status });

export function problem(status: number, slug: string, members: Record<string, unknown> = {}): Outcome {
  return { status, problem: slug, members };
}

/** Checks a response against the one outcome that the model allows. */
export function expectOutcome(reply: Reply, outcome: Outcome): void {
  if (outcome.problem === undefined) expectStatus(reply, outcome.status);
  else expectProblem(reply, outcome.status, outcome.problem, outcome.members);
}

/**
 * Checks the responses to two requests that were sent at the same time: each order of the two has one pair of outcomes.
 *
 * @returns the index of the order whose outcomes the responses have
 */
export function expectOneOrder(
  replies: readonly [Reply, Reply],
  orders: readonly (readonly [Outcome, Outcome])[],
): number {
  const found = orders.findIndex((order) => order.every((outcome, index) => has(replies[index], outcome)));
  const order = orders[found];
  if (!order) {
    const texts = replies.map(({ method, path, status, text }) => `${method} ${path} ${status} ${text}`);
    throw new Error(`No order of the two requests gives\n${texts.join('\n')}`);
  }
  order.forEach((outcome, index) => replies[index] && expectOutcome(replies[index], outcome));
  return found;
}

function has(reply: Reply | undefined, { status, problem: slug }: Outcome): boolean {
  if (reply?.status !== status) return false;
  return slug === undefined || reply.text.includes(`"/problems/${slug}"`);
}

/** In the log: `409 seat-unavailable`, or `201`. */
export function inWords({ status, problem: slug }: Outcome): string {
  return slug === undefined ? String(status) : `${status} ${slug}`;
}
