import type Stripe from 'stripe';
import { unknown, type RefundOutcome, type RefundRequest, type Unknown } from '../../domain/payments/gateway';
import { asReason, stripeRefusalOf } from './failures';

/**
 * Refunds a part of a charge, once for each key. Stripe forgets keys after a day, so the function first looks for an
 * earlier refund by its metadata.
 *
 * A pending refund counts as refunded. Stripe has accepted it and counts it in the charge's `amount_refunded`. It waits
 * for the bank, or for the account's balance, and needs nothing more from us. A second request would refund the money
 * twice. If the refund fails later, for example because the card was closed, Stripe sends `refund.failed`. Stripe then
 * puts the amount back into the account's balance, and an operator has to handle that. https://docs.stripe.com/refunds
 */
export async function refundOnce(
  stripe: Stripe,
  request: RefundRequest,
  timeLeft: () => number,
): Promise<RefundOutcome> {
  const earlier = await findRefund(stripe, request, timeLeft());
  if (earlier) return outcomeOf(earlier, request);
  const { refundKey, charge, gatewayPaymentId, amount, reason } = request;
  try {
    const made = await stripe.refunds.create(
      {
        payment_intent: gatewayPaymentId,
        amount,
        metadata: { refund: refundKey, attempt: charge.idempotencyKey, reason },
      },
      { idempotencyKey: refundKey, timeout: timeLeft() },
    );
    return outcomeOf(made, request);
  } catch (error) {
    const refusal = stripeRefusalOf(error);
    if (!refusal) throw error;
    return { outcome: 'refused', reason: refusal.reason };
  }
}

/**
 * Refunds what is left of a captured charge. It sends no idempotency key: Stripe never refunds more than is left, so it
 * refuses a second refund. With a key, Stripe would repeat the first response even after that refund has failed.
 */
export async function refundRest(
  stripe: Stripe,
  { id, latest_charge: charge, metadata }: Stripe.PaymentIntent,
  reason: string,
  timeLeft: () => number,
): Promise<{ outcome: 'voided'; returned: number } | Unknown> {
  if (charge === null || typeof charge === 'string') return unknown('malformed-answer');
  const voided = { outcome: 'voided', returned: charge.amount_captured } as const;
  if (charge.amount_refunded === charge.amount_captured) return voided;
  const { status } = await stripe.refunds.create(
    { payment_intent: id, metadata: { attempt: metadata['attempt'] ?? '', reason } },
    { timeout: timeLeft() },
  );
  return countsAsRefunded(status) ? voided : unknown(`refund-${asReason(status ?? 'without-status')}`);
}

async function findRefund(
  stripe: Stripe,
  { gatewayPaymentId, refundKey }: RefundRequest,
  timeout: number,
): Promise<Stripe.Refund | undefined> {
  const refunds = stripe.refunds.list({ payment_intent: gatewayPaymentId, limit: 100 }, { timeout });
  for await (const refund of refunds) {
    if (refund.metadata?.['refund'] === refundKey) return refund;
  }
  return undefined;
}

function outcomeOf(refund: Stripe.Refund, request: RefundRequest): RefundOutcome {
  if (refund.payment_intent !== request.gatewayPaymentId) return unknown('another-charge');
  if (refund.amount !== request.amount || refund.currency.toUpperCase() !== request.charge.currency) {
    return unknown('amount-differs');
  }
  const { id, status, created, failure_reason } = refund;
  if (countsAsRefunded(status)) {
    return { outcome: 'refunded', gatewayRefundId: id, refundedAt: new Date(created * 1000).toISOString() };
  }
  if (status === 'failed' || status === 'canceled') {
    return { outcome: 'refused', reason: asReason(failure_reason ?? status) };
  }
  return unknown(asReason(status ?? 'malformed-answer'));
}

const countsAsRefunded = (status: string | null): boolean => status === 'succeeded' || status === 'pending';
