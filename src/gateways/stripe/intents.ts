import type Stripe from 'stripe';
import { unknown, type ChargeOutcome, type ChargeRequest } from '../../domain/payments/gateway';
import { asReason, isKeptError, refusalOf } from './failures';

/**
 * Stripe keeps a key for at least 24 h. Until then, making the intent again under its key tells its id; later
 * it would make a second one.
 */
const REPLAYABLE_MS = 23 * 3_600_000;
/** A search, the only way after that, can be an hour behind: what it is to find is older than that. */
const CHARGEABLE_MS = REPLAYABLE_MS - 3_600_000;

/** What was given back is told by the charge inside an intent. */
export const WITH_CHARGE = { expand: ['latest_charge'] };

/** Whether a charge under this key may still begin, so that its intent will be found whenever it is asked for. */
export const isChargeable = (request: ChargeRequest): boolean => ageOf(request) < CHARGEABLE_MS;

/**
 * The intent of an attempt, not yet confirmed: no money can move, so it may be made again. The same key gives
 * the same intent, as it was at first.
 *
 * Changing what is sent here makes Stripe refuse the attempts of the day before with `idempotency_error`. They
 * are unknown until they can be searched for; nothing is lost.
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
      // Nobody is sent to a bank's page and back: this service has no further step for it.
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      ...(paymentKey === undefined ? {} : { payment_method: paymentKey }),
      description,
      metadata: { attempt: idempotencyKey, order: orderId },
    },
    { idempotencyKey: `${idempotencyKey}:create`, timeout },
  );
}

/**
 * The intent of an attempt as it is now. Null: there is none that anybody could confirm.
 *
 * @throws {Stripe.errors.StripeError} where Stripe does not tell
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

/** An answer that Stripe has kept for its key tells how the intent was then. */
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
    // The key's only answer: nobody has ever learned the id of an intent, which a confirmation needs.
    if (refusalOf(error) || isKeptError(error)) return null;
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

/** What an intent says about its charge. https://docs.stripe.com/payments/paymentintents/lifecycle */
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

/** Why an intent is not the one that was asked for; null where it is. */
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
