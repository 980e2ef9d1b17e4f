/**
 * What each status means for a payment or a top-up that has begun. OPEN may still succeed or fail. PAID bought
 * something, even if it was refunded later. FAILED bought nothing.
 */
export const ATTEMPT_STATES = {
  PENDING: 'OPEN',
  SETTLING: 'OPEN',
  SUCCEEDED: 'PAID',
  REFUNDED: 'PAID',
  PARTIALLY_REFUNDED: 'PAID',
  FAILED: 'FAILED',
} as const;

export type AttemptStatus = keyof typeof ATTEMPT_STATES;

/** An attempt that has not begun. Neither the ledger nor the gateway knows it. */
export type UnbegunStatus = 'REQUESTED' | 'WITHDRAWN';

/** Whether an attempt bought something, even if it was refunded later. */
export function isPaid(status: AttemptStatus | UnbegunStatus): boolean {
  return hasBegun(status) && ATTEMPT_STATES[status] === 'PAID';
}

/** Whether an attempt that has begun may still succeed or fail. */
export function isOpen(status: AttemptStatus | UnbegunStatus): boolean {
  return hasBegun(status) && ATTEMPT_STATES[status] === 'OPEN';
}

export function hasBegun(status: AttemptStatus | UnbegunStatus): status is AttemptStatus {
  return status !== 'REQUESTED' && status !== 'WITHDRAWN';
}
