import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { WebhookMessage, WebhookReading } from '../../domain/payments/gateway';
import { secretDigest } from '../secretDigest';
import { parseJson } from '../webhookBody';

/** The id of a message. A message that is sent again has the same id. */
const ID_HEADER = 'tosspayments-webhook-transmission-id';

/**
 * A payment has changed or, for wallets from abroad, a slow refund has ended. The other messages that Toss can send are
 * about accounts, wallets and sellers that this service does not use.
 */
const eventSchema = z.object({
  eventType: z.enum(['PAYMENT_STATUS_CHANGED', 'CANCEL_STATUS_CHANGED']),
  data: z.object({ paymentKey: z.string().min(1).max(200) }),
});
const idSchema = z.string().min(1).max(255);

/**
 * Reads a message that came to the registered URL. Toss signs only messages about sellers and payouts
 * (docs.tosspayments.com/reference/using-api/webhook-events). The token in the URL authenticates messages about
 * payments. Nothing in them has a time that the service could trust.
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
