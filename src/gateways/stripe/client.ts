import type Stripe from 'stripe';
import {
  unknown,
  type ChargeOutcome,
  type ChargeRequest,
  type PaymentGateway,
} from '../../domain/payments/gateway';
import { readCharges } from './book';
import { connectStripe, timeLimit } from './connection';
import { orUnknown, stripeRefusalOf } from './failures';
import {
  asItIsNow,
  createIntent,
  findIntent,
  isChargeable,
  mismatchOf,
  outcomeOf,
  retrieveIntent,
  WITH_CHARGE,
} from './intents';
import { refundOnce, refundRest } from './refunds';
import { readWebhook } from './webhook';

/**
 * The time for all requests of one call together. A local activity has 4 s (workflows/lib/steps.ts). A call without a
 * response by then is unknown, and the workflow looks it up.
 */
const CALL_MS = 3_400;

export interface StripeGatewayOptions {
  /** Such as `https://api.stripe.com`. */
  url: string;
  secretKey: string;
  webhookSecret: string;
}

/**
 * Card payments by Stripe, in two steps: Stripe reserves the money on the card, then captures it. The client's
 * `paymentKey` is the id of a PaymentMethod, which the shop's page makes with Stripe.js. A card that asks for
 * authentication (3-D Secure) is declined as `authentication-required`: a payment has no further step.
 *
 * Amounts go to Stripe unchanged: both sides count in the currency's smallest unit. KRW has no unit smaller than 1 KRW.
 * https://docs.stripe.com/currencies#zero-decimal
 */
export function createStripeGateway(options: StripeGatewayOptions): PaymentGateway {
  const stripe = connectStripe(options.url, options.secretKey);

  /** Cancels an intent. It cannot be confirmed or captured any more, and holds no money. */
  async function cancel(id: string, timeout: number): Promise<boolean> {
    // Without an idempotency key: an intent can be cancelled only once anyway. With a key, Stripe would repeat a
    // refusal for a day, even if it came from a passing state such as `processing`.
    return (await stripe.paymentIntents.cancel(id, {}, { timeout })).status === 'canceled';
  }

  async function afterRefusedCapture(
    error: unknown,
    request: ChargeRequest,
    id: string,
    timeLeft: () => number,
  ): Promise<ChargeOutcome> {
    const refusal = stripeRefusalOf(error);
    if (!refusal) throw error;
    const found = outcomeOf(await retrieveIntent(stripe, id, timeLeft()), request);
    if (found.outcome === 'absent') return unknown(refusal.reason);
    if (found.outcome !== 'authorised') return found;
    // This key will never capture the money. The cancellation releases it now, before the card's reservation expires.
    const isCanceled = await cancel(id, timeLeft());
    return isCanceled ? { outcome: 'declined', reason: refusal.reason } : unknown(refusal.reason);
  }

  return {
    name: 'stripe',
    needsPaymentKey: true,

    async charge(request) {
      if (!isChargeable(request)) return unknown('too-late');
      const timeLeft = timeLimit(CALL_MS);
      return orUnknown(async () => {
        let confirmed: Stripe.Response<Stripe.PaymentIntent>;
        try {
          const intent = await createIntent(stripe, request, timeLeft());
          const mismatch = mismatchOf(intent, request);
          if (mismatch !== null) return unknown(mismatch);
          confirmed = await stripe.paymentIntents.confirm(
            intent.id,
            // Stripe declines a charge that would need the customer's authentication.
            { error_on_requires_action: true },
            { idempotencyKey: `${request.idempotencyKey}:confirm`, timeout: timeLeft() },
          );
        } catch (error) {
          return refusedCharge(error, request);
        }
        return notAbsent(outcomeOf(await asItIsNow(stripe, confirmed, timeLeft), request));
      });
    },

    async capture(request, gatewayPaymentId) {
      const timeLeft = timeLimit(CALL_MS);
      return orUnknown(async () => {
        let captured: Stripe.Response<Stripe.PaymentIntent>;
        try {
          captured = await stripe.paymentIntents.capture(gatewayPaymentId, WITH_CHARGE, {
            idempotencyKey: `${request.idempotencyKey}:capture`,
            timeout: timeLeft(),
          });
        } catch (error) {
          return afterRefusedCapture(error, request, gatewayPaymentId, timeLeft);
        }
        return notAbsent(outcomeOf(await asItIsNow(stripe, captured, timeLeft), request));
      });
    },

    async lookUp(request) {
      const timeLeft = timeLimit(CALL_MS);
      return orUnknown(async () => {
        const found = await findIntent(stripe, request, timeLeft);
        return found ? outcomeOf(found, request) : { outcome: 'absent' };
      });
    },

    async void(request, reason) {
      const timeLeft = timeLimit(CALL_MS);
      return orUnknown(async () => {
        const found = await findIntent(stripe, request, timeLeft);
        if (found?.status === 'succeeded') return refundRest(stripe, found, reason, timeLeft);
        const isBlocked =
          found === null || found.status === 'canceled' || (await cancel(found.id, timeLeft()));
        return isBlocked ? { outcome: 'voided', returned: 0 } : unknown('not-canceled');
      });
    },

    async refund(request) {
      const timeLeft = timeLimit(CALL_MS);
      return orUnknown(async () => refundOnce(stripe, request, timeLeft));
    },

    async readBook(window, cursor) {
      const page = await orUnknown(async () => readCharges(stripe, window, cursor, CALL_MS));
      if ('outcome' in page) throw new Error(`Stripe's book cannot be read: ${page.reason}`);
      return page;
    },

    readWebhook: (message) => readWebhook(message, options.webhookSecret),

    async ping() {
      const page = await orUnknown(async () =>
        stripe.paymentIntents.list({ limit: 1 }, { timeout: CALL_MS }),
      );
      if ('outcome' in page) throw new Error(`Stripe does not answer: ${page.reason}`);
    },

    // Idle connections belong to the process, and do not keep it from ending.
    async close() {},
  };
}

function notAbsent(outcome: ReturnType<typeof outcomeOf>): ChargeOutcome {
  return outcome.outcome === 'absent' ? unknown('not-confirmed') : outcome;
}

/**
 * If Stripe refuses to make or to confirm an intent, that is final. Stripe refuses the key again, and nothing else
 * confirms the intent.
 */
function refusedCharge(error: unknown, request: ChargeRequest): ChargeOutcome {
  const refusal = stripeRefusalOf(error);
  if (!refusal) throw error;
  const declined = { outcome: 'declined', reason: refusal.reason } as const;
  const found = refusal.intent && outcomeOf(refusal.intent, request);
  return found === null || found.outcome === 'absent' ? declined : found;
}
