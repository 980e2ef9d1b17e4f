import type Stripe from 'stripe';
import { unknown, type ChargeOutcome, type ChargeRequest } from '../../domain/payments/gateway';
import { asReason, isKeptError, stripeRefusalOf } from './failures';

/**
 * Stripe keeps a key for at least 24 h. Until then, creating the intent again under its key returns its id. Later it
 * would create a second intent.
 */
const REPLAYABLE_MS = 23 * 3_600_000;
/**
 * After that, a search is the only way to find an intent. A search can be an hour behind, so the intent must be older
 * than that.
 */
const CHARGEABLE_MS = REPLAYABLE_MS - 3_600_000;

/** The charge inside an intent shows what was refunded. */
export const WITH_CHARGE = { expand: ['latest_charge'] };

/** Whether a charge under this key may still begin. If it may, its intent will be found at any later time. */
export const isChargeable = (request: ChargeRequest): boolean => ageOf(request) < CHARGEABLE_MS;

/**
 * Creates the intent of an attempt, without confirming it. No money can move, so it may be created again. The same key
 * returns the same intent, as it was at first.
 *
 * If a release changes what is sent here, Stripe rejects the attempts of the day before with `idempotency_error`. They
 * are unknown until a search can find them; nothing is lost.
 */
export async function createIntent(
  stripe: Stripe,
  request: ChargeRequest,
  timeout: number,
): Promise<Stripe.Response<Stripe.PaymentIntent>> {
  const { idempotencyKey, orderId, amount, currency, paymentKey, description } = request;
  return stripe.paymentIntents.create(
    {
      amount,
      currency: currency.toLowerCase(),
      capture_method: 'manual',
      // No customer is sent to a bank's page and back: this service has no further step for it.
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      ...(paymentKey === undefined ? {} : { payment_method: paymentKey }),
      description,
      metadata: { attempt: idempotencyKey, order: orderId },
    },
    { idempotencyKey: `${idempotencyKey}:create`, timeout },
  );
}

/**
 * The intent of an attempt as it is now. Null: there is no intent that any process could confirm.
 *
 * @throws {Stripe.errors.StripeError} if Stripe does not say
 */
export async function findIntent(
  stripe: Stripe,
  request: ChargeRequest,
  timeLeft: () => number,
): Promise<Stripe.PaymentIntent | null> {
  if (ageOf(request) < REPLAYABLE_MS) {
    const answer = await replayIntent(stripe, request, timeLeft());
    return answer && asItIsNow(stripe, answer, timeLeft);
  }
  const found = await searchIntent(stripe, request, timeLeft());
  return found && retrieveIntent(stripe, found.id, timeLeft());
}

/**
 * A response that Stripe has kept for its key shows the intent as it was then. This returns the intent as it is now.
 */
export async function asItIsNow(
  stripe: Stripe,
  answer: Stripe.Response<Stripe.PaymentIntent>,
  timeLeft: () => number,
): Promise<Stripe.PaymentIntent> {
  const isKept = new Headers(answer.lastResponse.headers).get('idempotent-replayed') === 'true';
  return isKept ? retrieveIntent(stripe, answer.id, timeLeft()) : answer;
}

export async function retrieveIntent(
  stripe: Stripe,
  id: string,
  timeout: number,
): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.retrieve(id, WITH_CHARGE, { timeout });
}

async function replayIntent(
  stripe: Stripe,
  request: ChargeRequest,
  timeout: number,
): Promise<Stripe.Response<Stripe.PaymentIntent> | null> {
  try {
    return await createIntent(stripe, request, timeout);
  } catch (error) {
    // This is the only response of the key. No process has ever got the id of an intent, which a confirmation needs.
    if (stripeRefusalOf(error) || isKeptError(error)) return null;
    throw error;
  }
}

async function searchIntent(
  stripe: Stripe,
  { idempotencyKey }: ChargeRequest,
  timeout: number,
): Promise<Stripe.PaymentIntent | null> {
  const query = `metadata["attempt"]:${JSON.stringify(idempotencyKey)}`;
  const { data } = await stripe.paymentIntents.search({ query }, { timeout });
  return data.find(({ metadata }) => metadata['attempt'] === idempotencyKey) ?? null;
}

/** The outcome of a charge, as its intent shows it. https://docs.stripe.com/payments/paymentintents/lifecycle */
export function outcomeOf(
  intent: Stripe.PaymentIntent,
  request: ChargeRequest,
): ChargeOutcome | { outcome: 'absent' } {
  const mismatch = mismatchOf(intent, request);
  if (mismatch !== null) return unknown(mismatch);
  switch (intent.status) {
    case 'succeeded':
      return takenBy(intent);
    case 'requires_capture':
      return { outcome: 'authorised', gatewayPaymentId: intent.id };
    case 'canceled':
      return { outcome: 'declined', reason: 'voided' };
    case 'requires_payment_method':
      return declineOf(intent) ?? { outcome: 'absent' };
    case 'requires_confirmation':
    case 'requires_action':
      return { outcome: 'absent' };
    default:
      return unknown(asReason(intent.status));
  }
}

/** Why an intent is not the requested one; null if it is. */
export function mismatchOf(
  { amount, currency, metadata }: Stripe.PaymentIntent,
  request: ChargeRequest,
): string | null {
  if (metadata['attempt'] !== request.idempotencyKey || metadata['order'] !== request.orderId) {
    return 'another-charge';
  }
  const isSame = amount === request.amount && currency.toUpperCase() === request.currency;
  return isSame ? null : 'amount-differs';
}

function takenBy({ id, amount, amount_received, latest_charge }: Stripe.PaymentIntent): ChargeOutcome {
  if (latest_charge === null || typeof latest_charge === 'string') return unknown('malformed-answer');
  if (amount_received !== amount) return unknown('amount-differs');
  if (latest_charge.amount_refunded >= amount) return { outcome: 'declined', reason: 'voided' };
  const approvedAt = new Date(latest_charge.created * 1000).toISOString();
  return { outcome: 'approved', gatewayPaymentId: id, approvedAt };
}

function declineOf({ last_payment_error: error }: Stripe.PaymentIntent): ChargeOutcome | null {
  if (!error) return null;
  return { outcome: 'declined', reason: asReason(error.decline_code ?? error.code ?? 'refused') };
}

const ageOf = ({ requestedAt }: ChargeRequest): number => Date.now() - requestedAt;
