import {
  unknown,
  type ChargeRequest,
  type PaymentGateway,
  type RefundOutcome,
  type Unknown,
} from '../../domain/payments/gateway';
import type { TossApi } from './api';
import { isGivenBack, isOpen, isPreparedFor, returnedBy } from './outcomes';
import type { Cancel, Payment } from './protocol';

/** Of a cancellation's reason at Toss. */
const MAX_REASON = 200;
/** Of a payment key at Toss. */
const MAX_PAYMENT_KEY = 200;
const HOUR_MS = 3_600_000;

export type Voided = { outcome: 'voided'; returned: number };
const NOTHING_TAKEN: Voided = { outcome: 'voided', returned: 0 };

export interface GiveBack extends Pick<PaymentGateway, 'void' | 'refund'> {
  /** Gives back what is left of a payment that was confirmed. */
  cancelWhole(payment: Payment, request: ChargeRequest, reason: string): Promise<Voided | Unknown>;
}

/** Voids and refunds. Both look first, so that a request whose answer was lost is not made twice. */
export function createGiveBack(api: TossApi): GiveBack {
  async function cancelWhole(payment: Payment, request: ChargeRequest, reason: string) {
    if (isGivenBack(payment)) return voided(payment);
    const mark = `void:${request.idempotencyKey}`;
    const cancellation = { cancelReason: markedReason(reason, mark) };
    const answer = await api.cancel(payment.paymentKey, cancellation, hourly(mark));
    if ('outcome' in answer) return unknown(answer.reason);
    return isGivenBack(answer) ? voided(answer) : unknown('not-cancelled');
  }

  /**
   * Bars a payment that nobody has confirmed. Toss has no call for that, but it binds an idempotency key to the
   * first request that comes with it. Asked under the attempt's key to confirm a payment that does not exist, it
   * refuses, and gives the same answer to a confirmation that is still on its way. Where that one was first, its
   * answer comes back instead.
   */
  async function bar(payment: Payment, request: ChargeRequest, reason: string) {
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
      // It was never confirmed for this attempt, and is not ours to cancel.
      if (!isPreparedFor(payment, request)) return NOTHING_TAKEN;
      if (payment.status === 'ABORTED' || payment.status === 'EXPIRED') return NOTHING_TAKEN;
      return isOpen(payment) ? bar(payment, request, reason) : cancelWhole(payment, request, reason);
    },

    /*
     * Once for each key, also after the 15 days for which Toss knows an idempotency key: the key is in the reason of
     * the cancellation, which is looked for first, and Toss refuses where the balance is not the one that was seen.
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
 * Toss gives the first answer to a key again for 15 days, that of a temporary error too. An hour later the next try
 * is one of its own: whatever the one before it has done can be seen in the payment by then.
 */
const hourly = (key: string): string => `${key}:${Math.floor(Date.now() / HOUR_MS)}`;

/** Who reads the payment at Toss finds out what gave the money back, and so do we. */
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
