import { unknown, type ChargeOutcome, type ChargeRequest } from '../../domain/payments/gateway';
import { CONFIRM_CODES, refusalReasonOf } from './codes';
import type { Payment } from './protocol';

/**
 * Whether the payer prepared this payment for what is charged. The page that prepares a payment gives Toss an order id.
 * It is the id of the reservation. A top-up has no id before it is requested, so its order id is the id of the payer. A
 * hyphen or an underscore and more text may follow, so that each payment has its own order id. So no user can pay with
 * a payment of another user, or with one that was prepared for something else.
 */
export function isPreparedFor(payment: Payment, request: ChargeRequest): boolean {
  const isTopUp = request.orderId === request.idempotencyKey;
  const expected = isTopUp ? request.payerId : request.orderId;
  return payment.orderId === expected || /^[-_]/.test(afterPrefix(payment.orderId, expected));
}

/** No process has confirmed it, and one still may. */
export function isOpen({ status }: Payment): boolean {
  return status === 'READY' || status === 'IN_PROGRESS';
}

/** Why a payment that is not confirmed yet must not be confirmed; null if it may. */
export function objectionTo(payment: Payment, request: ChargeRequest): string | null {
  if (!isOfAmount(payment, request)) return 'amount-differs';
  if (typeof payment.method === 'string' && !METHODS.has(payment.method)) return 'unsupported-method';
  return payment.status === 'IN_PROGRESS' ? null : 'payment-not-authenticated';
}

/** Cards and wallets. With other methods the money comes later, or can be refunded only for a short time. */
const METHODS: ReadonlySet<string> = new Set(['카드', '간편결제']);

/** The outcome of the charge, as the payment shows it. */
export function outcomeOf(payment: Payment, request: ChargeRequest): ChargeOutcome | { outcome: 'absent' } {
  if (!isPreparedFor(payment, request)) return { outcome: 'declined', reason: 'payment-key-mismatch' };
  switch (payment.status) {
    case 'READY':
    case 'IN_PROGRESS':
    case 'WAITING_FOR_DEPOSIT':
      return { outcome: 'absent' };
    case 'EXPIRED':
      return { outcome: 'declined', reason: 'payment-expired' };
    case 'ABORTED':
      return { outcome: 'declined', reason: failureOf(payment) };
    case 'DONE':
    case 'PARTIAL_CANCELED':
    case 'CANCELED':
      return keepsNoMoney(payment) ? { outcome: 'declined', reason: 'voided' } : approved(payment, request);
  }
}

/**
 * If the rest is refunded after partial refunds, the payment stays PARTIAL_CANCELED. The balance shows the difference.
 */
export function keepsNoMoney({ status, balanceAmount }: Payment): boolean {
  return status === 'CANCELED' || balanceAmount === 0;
}

/** The amount that had been taken and is refunded. A payment that waited for its deposit had taken nothing. */
export function returnedBy({ approvedAt, cancels }: Payment): number {
  return approvedAt ? (cancels ?? []).reduce((sum, { cancelAmount }) => sum + cancelAmount, 0) : 0;
}

function approved(payment: Payment, request: ChargeRequest): ChargeOutcome {
  if (!isOfAmount(payment, request)) return unknown('amount-differs');
  if (!payment.approvedAt) return unknown('malformed-answer');
  const approvedAt = new Date(payment.approvedAt).toISOString();
  return { outcome: 'approved', gatewayPaymentId: payment.paymentKey, approvedAt };
}

function failureOf({ failure }: Payment): string {
  return (failure && refusalReasonOf(CONFIRM_CODES, failure.code)) ?? 'payment-aborted';
}

function isOfAmount({ totalAmount, currency }: Payment, request: ChargeRequest): boolean {
  return totalAmount === request.amount && currency === request.currency;
}

const afterPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : '';
