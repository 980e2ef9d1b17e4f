import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../webhookBody';
import {
  WEBHOOK_TOLERANCE_MS,
  type WebhookMessage,
  type WebhookReading,
} from '../../domain/payments/gateway';

/** A message of the sandbox: something happened to a charge. The receiver then asks for the charge itself. */
export const webhookEventSchema = z.object({
  eventId: z.string().min(1).max(255),
  type: z.enum(['charge.captured', 'charge.declined', 'charge.refunded', 'charge.voided']),
  idempotencyKey: z.string().min(1).max(255),
  gatewayPaymentId: z.string().nullable(),
});
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

export const SIGNATURE_HEADER = 'sandbox-signature';

/** The value of {@link SIGNATURE_HEADER}: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>", hex>`. */
export function signWebhook(body: string | Buffer, secret: string, signedAt: number): string {
  const seconds = String(Math.floor(signedAt / 1000));
  return `t=${seconds},v1=${digest(seconds, body, secret).toString('hex')}`;
}

/** Checks a message that claims to come from the sandbox. */
export function readWebhook({ body, headers, receivedAt }: WebhookMessage, secret: string): WebhookReading {
  const [, seconds = '', signature = ''] =
    /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(headers[SIGNATURE_HEADER] ?? '') ?? [];
  const expected = digest(seconds, body, secret);
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { kind: 'rejected', reason: 'bad-signature' };
  }
  if (Math.abs(receivedAt - Number(seconds) * 1000) > WEBHOOK_TOLERANCE_MS) {
    return { kind: 'rejected', reason: 'too-old' };
  }
  const event = webhookEventSchema.safeParse(parseJson(body));
  if (!event.success) return { kind: 'rejected', reason: 'malformed' };
  return { kind: 'event', ...event.data };
}

/** Computed from the bytes: two bodies that are not UTF-8 can be the same text. */
const digest = (seconds: string, body: string | Buffer, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest();
