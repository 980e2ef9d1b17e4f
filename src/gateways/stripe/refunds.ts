import type Stripe from 'stripe';
import { unknown, type RefundOutcome, type RefundRequest, type Unknown } from '../../domain/payments/gateway';
import { asReason, refusalOf } from './failures';

/**
 * Gives a part of a charge back, once for each key: Stripe forgets keys after a day, so a refund that was made
 * before is looked for by its metadata.
 *
 * A pending refund counts as refunded. Stripe has accepted it and counts it in the charge's `amount_refunded`;
 * it waits for the bank, or for the account's balance, and needs nothing more from us. Asking for another one
 * would give the money back twice. Where it fails after all, a card being closed, Stripe sends `refund.failed`
 * and puts the amount back into the account's balance, which is for an operator to see.
 * https://docs.stripe.com/refunds
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
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { outcome: 'refused', reason: refusal.reason };
  }
}

/**
 * Gives back what is left of a captured charge. Without a key of ours: Stripe never refunds more than is left, so
 * a second one is refused, whereas a key would repeat the first answer after that refund has failed.
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
  return isGivenBack(status) ? voided : unknown(`refund-${asReason(status ?? 'without-status')}`);
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
  if (isGivenBack(status)) {
    return { outcome: 'refunded', gatewayRefundId: id, refundedAt: new Date(created * 1000).toISOString() };
  }
  if (status === 'failed' || status === 'canceled') {
    return { outcome: 'refused', reason: asReason(failure_reason ?? status) };
  }
  return unknown(asReason(status ?? 'malformed-answer'));
}

const isGivenBack = (status: string | null): boolean => status === 'succeeded' || status === 'pending';
