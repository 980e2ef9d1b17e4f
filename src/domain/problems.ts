/**
 * The names of all errors that a client can get. Temporal carries the name as the `type` of an `ApplicationFailure`,
 * and REST carries it as the slug of the problem document. One table in `src/api/problems` gives each name its status,
 * title and explanation.
 */
export const PROBLEM_SLUGS = [
  'validation-failed',
  'malformed-request',
  'malformed-json',
  'body-too-large',
  'headers-too-large',
  'request-timeout',
  'unsupported-media-type',
  'not-found',
  'method-not-allowed',
  'unauthenticated',
  'forbidden',
  'rate-limited',
  'internal-error',
  'temporarily-unavailable',
  'idempotency-key-reused',
  'id-taken',
  'invalid-credentials',
  'account-disabled',
  'account-not-found',
  'invalid-refresh-token',
  'invalid-queue-token',
  'queue-token-expired',
  'queue-token-mismatch',
  'queue-token-wrong-room',
  'queue-not-admitted',
  'concert-not-found',
  'schedule-not-found',
  'venue-not-found',
  'draw-not-found',
  'show-not-cancelled',
  'show-cancellation-done',
  'seat-not-found',
  'sale-not-open',
  'seat-unavailable',
  'seat-limit-exceeded',
  'hold-limit-exceeded',
  'reservation-not-found',
  'reservation-not-releasable',
  'reservation-expired',
  'reservation-already-confirmed',
  'insufficient-points',
  'payment-in-progress',
  'payment-failed',
  'payment-not-found',
  'difference-not-found',
  'ticket-not-found',
  'ticket-invalid',
  'ticket-already-used',
  'ticket-void',
  'check-in-not-open',
  'webhook-rejected',
  'not-cancellable',
] as const;

export type ProblemSlug = (typeof PROBLEM_SLUGS)[number];

const KNOWN: ReadonlySet<unknown> = new Set(PROBLEM_SLUGS);

export const isProblemSlug = (name: unknown): name is ProblemSlug => KNOWN.has(name);

/** Further members of a problem document, such as `unavailableSeatIds` or `retryAfter` (whole seconds). */
export type ProblemMembers = Readonly<Record<string, unknown>>;

/**
 * An error with a name that clients know. Stores, redis and routes throw it, and the API turns it into a response. It
 * has no stack trace: it is a response, so no developer looks for its place in the code, and a stack trace would be a
 * large part of its cost.
 */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly slug: ProblemSlug,
    detail: string,
    readonly members: ProblemMembers = {},
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
