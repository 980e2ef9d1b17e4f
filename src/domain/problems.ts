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

/** Members of a problem document beyond those of RFC 9457. Times are ISO 8601, amounts are in the minor unit. */
interface MembersBySlug {
  /** Every fault, with the path of its field. */
  'validation-failed': { errors: readonly { path: string; message: string }[] };
  /** `retryAfter`: whole seconds. `missing` names the parts of the service that do not respond, if `/readyz` asks. */
  'temporarily-unavailable': { retryAfter?: number; parts?: object; missing?: readonly string[] };
  'rate-limited': { retryAfter: number; policy?: string };
  'id-taken': { id?: string };
  'queue-not-admitted': { position: number | null; etaSeconds: number | null; pollAfterSeconds: number };
  'seat-not-found': { seatIds?: readonly string[] };
  'sale-not-open': { cancelled: true } | { saleOpensAt: string; saleClosesAt: string; paused: boolean };
  'seat-unavailable': { unavailableSeatIds: readonly string[] };
  'seat-limit-exceeded': { limit: number; alreadyHeld: number };
  'hold-limit-exceeded': { retryAfter: number; seatIds?: readonly string[] };
  'insufficient-points': { balance: number; required: number; expiresAt?: string | undefined };
  /** `reason`: a word for programs; null if it is not known. `expiresAt`: until then the client may try again. */
  'payment-failed': { reason: string | null; expiresAt?: string | undefined };
  'ticket-already-used': { usedAt: string; gate: string };
  'check-in-not-open': { opensAt: string; closesAt: string };
  'webhook-rejected': { reason: string };
  'not-cancellable': { reason: string };
}

/** The members of any problem, such as one that was recorded or came from a workflow. */
export type ProblemMembers = Readonly<Record<string, unknown>>;

/** The last argument of a problem. A problem that is not listed above has no members. */
export type MembersArgument<Slug extends ProblemSlug> = Slug extends keyof MembersBySlug
  ? Partial<MembersBySlug[Slug]> extends MembersBySlug[Slug]
    ? [members?: MembersBySlug[Slug]]
    : [members: MembersBySlug[Slug]]
  : [];

/**
 * An error with a name that clients know. Stores, redis and routes throw it, and the API turns it into a response. It
 * has no stack trace: it is a response, so no developer looks for its place in the code, and a stack trace would be a
 * large part of its cost.
 */
export class AnyProblem extends Error {
  override readonly name = 'Problem';

  /** A problem that was recorded, or that came from a workflow: it got its members when it was first made. */
  static readonly again = (slug: ProblemSlug, detail: string, members: ProblemMembers): Problem =>
    new AnyProblem(slug, detail, members);

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

export type Problem = AnyProblem;

/** Its constructor takes the members of its slug, and no others. */
export const Problem: Pick<typeof AnyProblem, 'again'> & {
  new <Slug extends ProblemSlug>(slug: Slug, detail: string, ...members: MembersArgument<Slug>): Problem;
} = AnyProblem;
