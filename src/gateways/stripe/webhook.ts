import Stripe from 'stripe';
import { z } from 'zod';
import {
  WEBHOOK_TOLERANCE_MS,
  type WebhookMessage,
  type WebhookReading,
} from '../../domain/payments/gateway';

/** The fields of an intent, a charge or a refund in a message that identify the charge. */
const subject = z.object({
  id: z.string(),
  metadata: z.record(z.string(), z.string()).nullish(),
  payment_intent: z.string().nullish(),
});
const eventSchema = z.object({
  id: z.string().min(1).max(255),
  type: z.string(),
  data: z.object({ object: z.unknown() }),
});

const OF_INTENTS = /^payment_intent\.(amount_capturable_updated|canceled|payment_failed|succeeded)$/;
const OF_CHARGES = /^charge\.refunded$/;
const OF_REFUNDS = /^(charge\.refund\.updated|refund\.(updated|failed))$/;

/**
 * A header with exactly one time, so that the time that is checked is the time that is signed.
 * https://docs.stripe.com/webhooks#verify-manually
 */
const SIGNATURE = /^t=(\d{1,12})(,v\d+=\w+)+$/;

/** Checks a message that claims to come from Stripe. Its events come in any order, and more than once. */
export function readWebhook({ body, headers, receivedAt }: WebhookMessage, secret: string): WebhookReading {
  const header = headers['stripe-signature'] ?? '';
  const [, signedAt] = SIGNATURE.exec(header) ?? [];
  if (signedAt === undefined) return { kind: 'rejected', reason: 'bad-signature' };
  let message: unknown;
  try {
    // Tolerance 0: the code below checks the age, in both directions, and reports it separately from a wrong signature.
    message = Stripe.webhooks.constructEvent(body, header, secret, 0);
  } catch (error) {
    const isForged = error instanceof Stripe.errors.StripeSignatureVerificationError;
    return { kind: 'rejected', reason: isForged ? 'bad-signature' : 'malformed' };
  }
  if (Math.abs(receivedAt - Number(signedAt) * 1000) > WEBHOOK_TOLERANCE_MS) {
    return { kind: 'rejected', reason: 'too-old' };
  }
  const event = eventSchema.safeParse(message);
  return event.success ? readEvent(event.data) : { kind: 'rejected', reason: 'malformed' };
}

function readEvent({ id: eventId, type, data }: z.infer<typeof eventSchema>): WebhookReading {
  const isAboutIntent = OF_INTENTS.test(type);
  const isAboutRefund = OF_REFUNDS.test(type);
  if (!isAboutIntent && !isAboutRefund && !OF_CHARGES.test(type)) return { kind: 'irrelevant' };
  const read = subject.safeParse(data.object);
  if (!read.success) return { kind: 'rejected', reason: 'malformed' };
  const { id, metadata, payment_intent } = read.data;
  const gatewayPaymentId = isAboutIntent ? id : (payment_intent ?? null);
  const idempotencyKey = metadata?.['attempt'] ?? null;
  // An account may have other shops: their intents and charges do not name one of our attempts. A refund that was made
  // by hand does not name one either, but may belong to one of our charges.
  if (gatewayPaymentId === null || (idempotencyKey === null && !isAboutRefund)) return { kind: 'irrelevant' };
  return { kind: 'event', eventId, type, idempotencyKey, gatewayPaymentId };
}
