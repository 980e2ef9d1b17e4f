/** What the responses of the sandbox mean for the caller that charged. */
import {
  unknown,
  type BookedCharge,
  type ChargeOutcome,
  type ChargeRequest,
  type RefundOutcome,
  type RefundRequest,
  type Unknown,
} from '../../domain/payments/gateway';
import type { Answer } from '../jsonHttp';
import { CHARGE_NOT_FOUND, UNKNOWN_PAYMENT_KEY, chargeSchema, refusalSchema, type Charge } from './protocol';

/** Reads the response to a charge, a capture or a look-up. */
export function readOutcome(answer: Answer, asked: ChargeRequest): ChargeOutcome | { outcome: 'absent' } {
  const refusal = errorNameOf(answer);
  if (answer.status === 404 && refusal === CHARGE_NOT_FOUND) return { outcome: 'absent' };
  if (answer.status === 400 && refusal === UNKNOWN_PAYMENT_KEY)
    return { outcome: 'declined', reason: refusal };
  if (answer.status !== 200 && answer.status !== 402) return unknown(`http-${answer.status}`);
  const charge = readCharge(answer, asked);
  return charge ? outcomeOf(charge, asked) : unknown('malformed-answer');
}

export function readVoid(
  answer: Answer,
  asked: ChargeRequest,
): { outcome: 'voided'; returned: number } | Unknown {
  if (answer.status !== 200) return unknown(`http-${answer.status}`);
  const charge = readCharge(answer, asked);
  if (!charge || holdsMoney(charge)) return unknown('malformed-answer');
  return { outcome: 'voided', returned: charge.status === 'REFUNDED' ? charge.amount : 0 };
}

export function readRefund(
  answer: Answer,
  { charge: asked, refundKey, amount }: RefundRequest,
): RefundOutcome {
  const refusal = errorNameOf(answer);
  if (answer.status === 409 && refusal !== undefined) return { outcome: 'refused', reason: refusal };
  if (answer.status !== 200) return unknown(`http-${answer.status}`);
  const charge = readCharge(answer, asked);
  if (charge?.status !== 'CAPTURED' && charge?.status !== 'REFUNDED') return unknown('malformed-answer');
  const made = charge.refunds.find((refund) => refund.refundKey === refundKey);
  if (!made) return unknown('malformed-answer');
  if (made.amount !== amount || charge.currency !== asked.currency) return unknown('amount-differs');
  return { outcome: 'refunded', gatewayRefundId: made.gatewayRefundId, refundedAt: made.refundedAt };
}

/** The lines of the book whose money has moved or is reserved. */
export function asBooked(charge: Charge): BookedCharge[] {
  if (charge.status === 'AUTHORISED') {
    return [{ ...namesOf(charge), status: 'AUTHORISED', refunded: 0, bookedAt: charge.authorisedAt }];
  }
  if (charge.status !== 'CAPTURED' && charge.status !== 'REFUNDED') return [];
  const refunded = charge.refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const bookedAt = charge.authorisedAt ?? charge.approvedAt;
  return [{ ...namesOf(charge), status: 'CAPTURED', refunded, bookedAt }];
}

function readCharge({ body }: Answer, { idempotencyKey }: ChargeRequest): Charge | null {
  const { data } = chargeSchema.safeParse(body);
  return data?.idempotencyKey === idempotencyKey ? data : null;
}

const errorNameOf = ({ body }: Answer): string | undefined => refusalSchema.safeParse(body).data?.error;

function holdsMoney({ status }: Charge): boolean {
  return status === 'CAPTURED' || status === 'AUTHORISED';
}

function outcomeOf(charge: Charge, asked: ChargeRequest): ChargeOutcome {
  if (charge.status === 'DECLINED') return { outcome: 'declined', reason: charge.reason };
  if (charge.status !== 'CAPTURED' && charge.status !== 'AUTHORISED') {
    return { outcome: 'declined', reason: 'voided' };
  }
  const { gatewayPaymentId, amount, currency } = charge;
  if (amount !== asked.amount || currency !== asked.currency) return unknown('amount-differs');
  if (charge.status === 'AUTHORISED') return { outcome: 'authorised', gatewayPaymentId };
  return { outcome: 'approved', gatewayPaymentId, approvedAt: charge.approvedAt };
}

function namesOf(charge: Extract<Charge, { gatewayPaymentId: string }>) {
  const { gatewayPaymentId, idempotencyKey, orderId, amount, currency } = charge;
  return { gatewayPaymentId, idempotencyKey, orderId, amount, currency };
}
