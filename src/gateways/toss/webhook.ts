import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { WebhookMessage, WebhookReading } from '../../domain/payments/gateway';
import { secretDigest } from '../secretDigest';
import { parseJson } from '../webhookBody';

/** The id of a message; a message that is sent again has the same. */
const ID_HEADER = 'tosspayments-webhook-transmission-id';

/**
 * A payment has changed, or, for wallets from abroad, a refund that took its time. Everything else that Toss may
 * be told to send is about accounts, wallets and sellers that this service does not use.
 */
const eventSchema = z.object({
  eventType: z.enum(['PAYMENT_STATUS_CHANGED', 'CANCEL_STATUS_CHANGED']),
  data: z.object({ paymentKey: z.string().min(1).max(200) }),
});
const idSchema = z.string().min(1).max(255);

/**
 * Reads a message that came to the registered URL. Toss signs messages about sellers and payouts alone
 * (docs.tosspayments.com/reference/using-api/webhook-events); those about payments are known by the token in the
 * URL, and nothing in them has a time that could be believed.
 */
export function readWebhook({ body, headers, token = '' }: WebhookMessage, expected: string): WebhookReading {
  if (!timingSafeEqual(secretDigest(token), secretDigest(expected)))
    return { kind: 'rejected', reason: 'bad-signature' };
  const json = parseJson(body);
  if (json === undefined) return { kind: 'rejected', reason: 'malformed' };
  const event = eventSchema.safeParse(json);
  if (!event.success) return { kind: 'irrelevant' };
  const eventId = idSchema.safeParse(headers[ID_HEADER]);
  if (!eventId.success) return { kind: 'rejected', reason: 'malformed' };
  const { eventType, data } = event.data;
  return {
    kind: 'event',
    eventId: eventId.data,
    type: eventType,
    idempotencyKey: null,
    gatewayPaymentId: data.paymentKey,
  };
}
