/**
 * How each status of a payment or a top-up that has begun counts. OPEN may still succeed or fail; PAID bought something,
 * whatever was refunded since; FAILED bought nothing.
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

/** An attempt that has not begun: neither the ledger nor the gateway knows of it. */
export type UnbegunStatus = 'REQUESTED' | 'WITHDRAWN';

/** Whether an attempt bought something, whatever was refunded since. */
export function isPaid(status: AttemptStatus | UnbegunStatus): boolean {
  return hasBegun(status) && ATTEMPT_STATES[status] === 'PAID';
}

export function hasBegun(status: AttemptStatus | UnbegunStatus): status is AttemptStatus {
  return status !== 'REQUESTED' && status !== 'WITHDRAWN';
}
