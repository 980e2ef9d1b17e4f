/**
 * The responses of Toss Payments (API 2022-11-16), as far as this service reads them. New fields come without notice.
 */
import { z } from 'zod';

const text = z.string().min(1);
/** ISO 8601 with an offset, such as `2026-01-01T00:00:00+09:00`. */
const instant = z.iso.datetime({ offset: true });
const amount = z.number().int().nonnegative();

const cancelSchema = z.object({
  cancelAmount: amount,
  cancelReason: z.string(),
  canceledAt: instant,
  transactionKey: text,
  /** DONE if the money is on its way back. The refund of a payment from abroad may still be in progress. */
  cancelStatus: z.string(),
});
export type Cancel = z.infer<typeof cancelSchema>;

export const paymentSchema = z.object({
  paymentKey: text,
  orderId: text,
  status: z.enum([
    'READY',
    'IN_PROGRESS',
    'WAITING_FOR_DEPOSIT',
    'DONE',
    'CANCELED',
    'PARTIAL_CANCELED',
    'ABORTED',
    'EXPIRED',
  ]),
  /** In Korean; null until the payer has chosen. */
  method: z.string().nullish(),
  currency: text,
  /** The amount that was requested, whatever has been refunded since. */
  totalAmount: amount,
  /** What can still be refunded. */
  balanceAmount: amount,
  /** When the money was taken. */
  approvedAt: instant.nullish(),
  cancels: z.array(cancelSchema).nullish(),
  /** Why it was refused. */
  failure: z.object({ code: text }).nullish(),
});
export type Payment = z.infer<typeof paymentSchema>;

/** The body of every response that is not a success. */
export const refusalSchema = z.object({ code: text });

/** One movement of money: an approved payment, or a part of it that was refunded. */
export const transactionSchema = z.object({
  transactionKey: text,
  paymentKey: text,
  orderId: text,
  status: z.string(),
  currency: text,
  amount: z.number().int(),
  transactionAt: instant,
});
export type Transaction = z.infer<typeof transactionSchema>;

/** The response to `GET /v1/transactions`, oldest first. */
export const transactionsSchema = z.array(transactionSchema);
