/** The lines of the sandbox's book, and how they change. The functions are pure: the book writes what they return. */
import { randomUUID } from 'node:crypto';
import type { Behaviour } from './behaviour';
import type { Charge, ChargeBody, Refund } from '../src/gateways/sandbox/protocol';
import type { WebhookEvent } from '../src/gateways/sandbox/webhook';

export type Capture = Extract<Charge, { status: 'CAPTURED' | 'REFUNDED' }>;
export type Authorisation = Extract<Charge, { status: 'AUTHORISED' }>;
export type RefundOrder = Pick<Refund, 'refundKey' | 'amount' | 'reason'>;

/** The first line under a key; null if the behaviour is to fail. */
export function newLine(idempotencyKey: string, body: ChargeBody, { booking }: Behaviour): Charge | null {
  if (booking.kind === 'fail') return null;
  const order = { idempotencyKey, ...body };
  if (booking.kind === 'decline') {
    return { status: 'DECLINED', ...order, reason: booking.reason, declinedAt: now() };
  }
  const authorisation = { ...order, gatewayPaymentId: `sandbox-${randomUUID()}` };
  if (booking.kind === 'authorise') return { status: 'AUTHORISED', ...authorisation, authorisedAt: now() };
  return { status: 'CAPTURED', ...authorisation, approvedAt: now(), refunds: [] };
}

/** The line of a key that had none and must never get another. */
export function blocked(idempotencyKey: string, reason: string): Charge {
  return { status: 'BARRED', idempotencyKey, reason, barredAt: now() };
}

export function captured(line: Authorisation): Charge {
  return { ...line, status: 'CAPTURED', approvedAt: now(), refunds: [] };
}

/** A refused capture releases the reserved money. */
export function captureRefused({
  gatewayPaymentId: _payment,
  authorisedAt: _at,
  ...order
}: Authorisation): Charge {
  return { ...order, status: 'DECLINED', reason: 'capture-refused', declinedAt: now() };
}

/** Refunds or releases what is left. A line without money stays as it is. */
export function voided(line: Charge, reason: string): Charge {
  if (line.status === 'AUTHORISED') return { ...line, status: 'VOIDED', reason, voidedAt: now() };
  if (line.status === 'CAPTURED') return refunded(line, { refundKey: 'void', amount: leftOf(line), reason });
  return line;
}

export type RefundRefusal = 'refund-refused' | 'not-captured' | 'more-than-left' | 'refund-key-reused';

/** A refund of a capture: once for each key. A key that was refused once is refused permanently. */
export function decideRefund(
  line: Capture,
  refund: RefundOrder,
  refuseFirst: number,
): { changed: Capture; error?: RefundRefusal } {
  const { refunds, refusedRefunds = [] } = line;
  const earlier = refunds.find(({ refundKey }) => refundKey === refund.refundKey);
  if (earlier)
    return earlier.amount === refund.amount
      ? { changed: line }
      : { changed: line, error: 'refund-key-reused' };
  if (refusedRefunds.includes(refund.refundKey)) return { changed: line, error: 'refund-refused' };
  if (refusedRefunds.length < refuseFirst) {
    return {
      changed: { ...line, refusedRefunds: [...refusedRefunds, refund.refundKey] },
      error: 'refund-refused',
    };
  }
  if (refund.amount > leftOf(line)) return { changed: line, error: 'more-than-left' };
  return { changed: refunded(line, refund) };
}

/** What happened when a line changed; null if nothing happened that a shop could need to know. */
export function eventOf(before: Charge | undefined, after: Charge): WebhookEvent['type'] | null {
  if (isCapture(after)) {
    if (!isCapture(before)) return 'charge.captured';
    return after.refunds.length > before.refunds.length ? 'charge.refunded' : null;
  }
  if (after.status === 'AUTHORISED' || after.status === before?.status) return null;
  return after.status === 'DECLINED' ? 'charge.declined' : 'charge.voided';
}

export function isCapture(line: Charge | undefined): line is Capture {
  return line?.status === 'CAPTURED' || line?.status === 'REFUNDED';
}

function refunded(line: Capture, refund: RefundOrder): Capture {
  const made = { ...refund, gatewayRefundId: `sandbox-refund-${randomUUID()}`, refundedAt: now() };
  const changed = { ...line, refunds: [...line.refunds, made] };
  return { ...changed, status: leftOf(changed) === 0 ? 'REFUNDED' : 'CAPTURED' };
}

/** What was captured and not refunded. */
export function leftOf({ amount, refunds }: Capture): number {
  return refunds.reduce((left, refund) => left - refund.amount, amount);
}

/** When a key got its line, milliseconds since 1970. It never changes while the line exists. */
export function bookedAtOf(line: Charge): number {
  return Date.parse(bookingTimeOf(line));
}

function bookingTimeOf(line: Charge): string {
  switch (line.status) {
    case 'AUTHORISED':
    case 'VOIDED':
      return line.authorisedAt;
    case 'CAPTURED':
    case 'REFUNDED':
      return line.authorisedAt ?? line.approvedAt;
    case 'DECLINED':
      return line.declinedAt;
    case 'BARRED':
      return line.barredAt;
  }
}

const now = (): string => new Date().toISOString();
