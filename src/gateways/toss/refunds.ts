import {
  unknown,
  type ChargeRequest,
  type PaymentGateway,
  type RefundOutcome,
  type Unknown,
} from '../../domain/payments/gateway';
import type { TossApi } from './api';
import { keepsNoMoney, isOpen, isPreparedFor, returnedBy } from './outcomes';
import type { Cancel, Payment } from './protocol';

/** The longest reason of a cancellation at Toss. */
const MAX_REASON = 200;
/** The longest payment key at Toss. */
const MAX_PAYMENT_KEY = 200;
const HOUR_MS = 3_600_000;

export type Voided = { outcome: 'voided'; returned: number };
const NOTHING_TAKEN: Voided = { outcome: 'voided', returned: 0 };

export interface Refunds extends Pick<PaymentGateway, 'void' | 'refund'> {
  /** Refunds what is left of a confirmed payment. */
  cancelWhole(payment: Payment, request: ChargeRequest, reason: string): Promise<Voided | Unknown>;
}

/** Voids and refunds. Both look the payment up first, so that a request whose response was lost is not made twice. */
export function createRefunds(api: TossApi): Refunds {
  async function cancelWhole(payment: Payment, request: ChargeRequest, reason: string) {
    if (keepsNoMoney(payment)) return voided(payment);
    const mark = `void:${request.idempotencyKey}`;
    const cancellation = { cancelReason: markedReason(reason, mark) };
    const answer = await api.cancel(payment.paymentKey, cancellation, hourly(mark));
    if ('outcome' in answer) return unknown(answer.reason);
    return keepsNoMoney(answer) ? voided(answer) : unknown('not-cancelled');
  }

  /**
   * Blocks a payment that no process has confirmed. Toss has no call for that, but it binds an idempotency key to the
   * first request that comes with it. Under the attempt's key, this function asks Toss to confirm a payment that does
   * not exist. Toss refuses, and gives the same response to a confirmation that is still on its way. If that
   * confirmation came first, its response comes back instead.
   */
  async function block(payment: Payment, request: ChargeRequest, reason: string) {
    const { orderId, totalAmount } = payment;
    const paymentKey = `void-${payment.paymentKey}`.slice(0, MAX_PAYMENT_KEY);
    const answer = await api.confirm({ paymentKey, orderId, amount: totalAmount }, request.idempotencyKey);
    if (!('outcome' in answer)) {
      const isOurs = answer.paymentKey === payment.paymentKey;
      return isOurs ? cancelWhole(answer, request, reason) : unknown('malformed-answer');
    }
    return answer.outcome === 'refused' ? NOTHING_TAKEN : answer;
  }

  return {
    cancelWhole,

    async void(request, reason) {
      if (request.paymentKey === undefined) return NOTHING_TAKEN;
      const payment = await api.look(request.paymentKey);
      if ('outcome' in payment) return payment.outcome === 'refused' ? NOTHING_TAKEN : payment;
      // It was never confirmed for this attempt, so this attempt must not cancel it.
      if (!isPreparedFor(payment, request)) return NOTHING_TAKEN;
      if (payment.status === 'ABORTED' || payment.status === 'EXPIRED') return NOTHING_TAKEN;
      return isOpen(payment) ? block(payment, request, reason) : cancelWhole(payment, request, reason);
    },

    /*
     * Refunds once for each key, even after the 15 days for which Toss knows an idempotency key. The key is in the
     * reason of the cancellation, and this function looks for it first. Toss also refuses if the balance has changed
     * since the look-up.
     */
    async refund({ refundKey, charge, gatewayPaymentId, amount, reason }) {
      const payment = await api.look(gatewayPaymentId);
      if ('outcome' in payment) return payment;
      if (!isPreparedFor(payment, charge)) return refused('payment-key-mismatch');
      if (!payment.approvedAt) return refused('not-captured');
      const earlier = findCancel(payment, refundKey);
      if (earlier) return refundOf(earlier, amount);
      const { balanceAmount } = payment;
      if (amount > balanceAmount) return refused('more-than-left');
      const cancelReason = markedReason(reason, refundKey);
      const cancellation = { cancelReason, cancelAmount: amount, refundableAmount: balanceAmount };
      const answer = await api.cancel(gatewayPaymentId, cancellation, hourly(refundKey));
      if ('outcome' in answer) return answer;
      const made = findCancel(answer, refundKey);
      if (!made || answer.balanceAmount !== balanceAmount - amount) return unknown('malformed-answer');
      return refundOf(made, amount);
    },
  };
}

const voided = (payment: Payment): Voided => ({ outcome: 'voided', returned: returnedBy(payment) });
const refused = (reason: string): RefundOutcome => ({ outcome: 'refused', reason });

/**
 * For 15 days, Toss repeats the first response to a key, even a temporary error. So the key changes every hour. By
 * then, the payment shows the effect of the try before.
 */
const hourly = (key: string): string => `${key}:${Math.floor(Date.now() / HOUR_MS)}`;

/** The mark shows a reader of the payment at Toss, and this service, what refunded the money. */
function markedReason(reason: string, mark: string): string {
  const suffix = suffixOf(mark);
  return reason.slice(0, MAX_REASON - suffix.length) + suffix;
}

function findCancel({ cancels }: Payment, refundKey: string): Cancel | undefined {
  return cancels?.find(({ cancelReason }) => cancelReason.endsWith(suffixOf(refundKey)));
}

const suffixOf = (mark: string): string => ` [${mark}]`;

function refundOf(cancel: Cancel, amount: number): RefundOutcome {
  if (cancel.cancelAmount !== amount) return unknown('amount-differs');
  if (cancel.cancelStatus !== 'DONE') return unknown('refund-in-progress');
  const refundedAt = new Date(cancel.canceledAt).toISOString();
  return { outcome: 'refunded', gatewayRefundId: cancel.transactionKey, refundedAt };
}
