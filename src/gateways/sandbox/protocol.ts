/** The HTTP messages between the sandbox gateway and its client. Both sides parse them with these schemas. */
import { z } from 'zod';

/** Printable ASCII. It names a charge in every path and in the header `Idempotency-Key`. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** The body of `POST /v1/charges`. */
export const chargeBodySchema = z.object({
  /** Whole currency units. */
  amount: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  currency: z.string().regex(/^[A-Z]{3}$/),
  orderId: z.string().min(1).max(255),
  description: z.string().max(255),
  paymentKey: z.string().max(255).optional(),
});
export type ChargeBody = z.infer<typeof chargeBodySchema>;

const order = {
  idempotencyKey: idempotencyKeySchema,
  amount: z.number().int().positive(),
  currency: z.string(),
  orderId: z.string(),
  description: z.string(),
  paymentKey: z.string().optional(),
};
/** A part that was refunded. A void refunds what is left, under the key `void`. */
const refundSchema = z.object({
  refundKey: z.string(),
  gatewayRefundId: z.string(),
  amount: z.number().int().positive(),
  reason: z.string(),
  refundedAt: z.iso.datetime(),
});
export type Refund = z.infer<typeof refundSchema>;

const authorisation = { ...order, gatewayPaymentId: z.string() };

const capture = {
  ...authorisation,
  /** Present if the money was reserved first. */
  authorisedAt: z.iso.datetime().optional(),
  approvedAt: z.iso.datetime(),
  refunds: z.array(refundSchema),
  /** Keys of refunds that were refused. They stay refused. */
  refusedRefunds: z.array(z.string()).optional(),
};

/**
 * One line of the gateway's book, and the body of every response about a charge. AUTHORISED: the money is reserved.
 * VOIDED: the money was reserved and released. REFUNDED: the money was captured and completely refunded. BARRED: the
 * key was voided before it had a charge.
 */
export const chargeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('AUTHORISED'), ...authorisation, authorisedAt: z.iso.datetime() }),
  z.object({
    status: z.literal('VOIDED'),
    ...authorisation,
    authorisedAt: z.iso.datetime(),
    reason: z.string(),
    voidedAt: z.iso.datetime(),
  }),
  z.object({ status: z.literal('CAPTURED'), ...capture }),
  z.object({ status: z.literal('REFUNDED'), ...capture }),
  z.object({ status: z.literal('DECLINED'), ...order, reason: z.string(), declinedAt: z.iso.datetime() }),
  z.object({
    status: z.literal('BARRED'),
    idempotencyKey: idempotencyKeySchema,
    reason: z.string(),
    barredAt: z.iso.datetime(),
  }),
]);
export type Charge = z.infer<typeof chargeSchema>;

/** The body of `POST /v1/charges/by-key/{key}/void`; a capture has none. */
export const voidBodySchema = z.object({ reason: z.string().min(1).max(255) });

/** The body of `POST /v1/charges/by-key/{key}/refunds`; the header `Idempotency-Key` names the refund. */
export const refundBodySchema = z.object({
  amount: z.number().int().positive(),
  reason: z.string().min(1).max(255),
});

/** The end of a page: the time and the key of its last line. */
const cursorSchema = z.string().regex(/^\d+\.[\x21-\x7e]{1,255}$/);
const milliseconds = z.coerce.number().int().min(0);

/**
 * The query of `GET /v1/book`, in milliseconds since 1970. `from` is included and `to` is not. Without them: the whole
 * book.
 */
export const bookQuerySchema = z.object({
  from: milliseconds.optional(),
  to: milliseconds.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  /** The `nextCursor` of the page before. */
  cursor: cursorSchema.optional(),
});

/** The query of `GET /`. */
export const pageQuerySchema = z.object({ before: cursorSchema.optional() });

/** The response to `GET /v1/book`: charges in the order in which they were first booked. */
export const bookPageSchema = z.object({
  items: z.array(chargeSchema),
  nextCursor: z.string().nullable(),
});
export type BookPage = z.infer<typeof bookPageSchema>;

/** The body of every refusal that is not about a charge. */
export const refusalSchema = z.object({ error: z.string(), message: z.string() });
export type Refusal = z.infer<typeof refusalSchema>;

/** The payment key names no behaviour of the sandbox; nothing was booked. */
export const UNKNOWN_PAYMENT_KEY = 'unknown-payment-key';

/** Nothing is booked under the key. */
export const CHARGE_NOT_FOUND = 'charge-not-found';
