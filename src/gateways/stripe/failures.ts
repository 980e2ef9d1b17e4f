import Stripe from 'stripe';
import { unknown, type Unknown } from '../../domain/payments/gateway';

/** The result of the work. A failure that the work does not handle counts as no answer. */
export async function orUnknown<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | Unknown> {
  try {
    return await work();
  } catch (error) {
    return unknown(nameOf(error));
  }
}

/** Stripe's decision against a request. Stripe keeps the decision for as long as it keeps the key of the request. */
export interface Refusal {
  /** Stripe's code for a decline or an error, written like our own reasons: `insufficient-funds`. */
  reason: string;
  /** The intent after the request, if the request was about one. Nothing in it is expanded. */
  intent: Stripe.PaymentIntent | null;
}

/**
 * The refusal in a failed request: its parameters, its state or the card do not allow it (400, 402, 404). Null for
 * every failure that says nothing about the request: no answer, a server error, a rate limit, or bad credentials. Also
 * null if another request with the same key is under way, or if the key was used with other parameters.
 */
export function stripeRefusalOf(error: unknown): Refusal | null {
  const isRefused =
    error instanceof Stripe.errors.StripeCardError ||
    error instanceof Stripe.errors.StripeInvalidRequestError;
  return isRefused ? { reason: reasonOf(error), intent: error.payment_intent ?? null } : null;
}

/**
 * Whether a server error is the response that Stripe has kept for the key. For a day, every request with the key gets
 * it. https://docs.stripe.com/error-low-level#idempotency
 */
export function isKeptError(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeAPIError &&
    (error.statusCode ?? 0) >= 500 &&
    error.headers?.['idempotent-replayed'] === 'true'
  );
}

/** For operators and clients; never Stripe's message, which can quote what was sent. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Stripe.errors.StripeError)) return 'no-answer';
  if (error instanceof Stripe.errors.StripeConnectionError) return connectionFailure(error.detail);
  if (error instanceof Stripe.errors.StripeIdempotencyError) return 'idempotency-error';
  if (stripeRefusalOf(error)) return reasonOf(error);
  return error.statusCode === undefined ? 'malformed-answer' : `http-${error.statusCode}`;
}

const reasonOf = ({ decline_code, code }: Stripe.errors.StripeError): string =>
  asReason(decline_code ?? code ?? 'refused');

export const asReason = (code: string): string => code.replaceAll('_', '-');

/** `fetch` reports the failure of the connection one or two causes deep. */
function connectionFailure(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return 'no-answer';
  if ('code' in detail && typeof detail.code === 'string') {
    return detail.code === 'ETIMEDOUT' ? 'timeout' : detail.code;
  }
  if ('exception' in detail) return connectionFailure(detail.exception);
  return 'cause' in detail ? connectionFailure(detail.cause) : 'no-answer';
}
