import type { ReservationState } from '../../contract/reservations';

/**
 * The phase is HELD from the start, although the row of the reservation follows a moment later. ENDING: the workflow is
 * releasing the seats; Postgres decides the outcome.
 */
export type Phase = ReservationState['status'] | 'ENDING';

/** The status that clients and operators see. */
export function statusOf(phase: Phase): ReservationState['status'] {
  return phase === 'ENDING' ? 'HELD' : phase;
}

export function isOver(phase: Phase): boolean {
  return phase === 'CONFIRMED' || phase === 'EXPIRED' || phase === 'RELEASED' || phase === 'REFUSED';
}

/** One sentence for the operator who opens the workflow. */
export function describe(phase: Phase, expiresAt: string): string {
  switch (phase) {
    case 'HELD':
      return `Holds the seats until ${expiresAt}; waiting for a payment.`;
    case 'ENDING':
      return 'Releasing the seats.';
    case 'PAYING':
      return 'A payment is under way.';
    case 'SETTLING':
      return 'The outcome of the payment is not known yet; the seats stay held.';
    case 'CONFIRMED':
      return 'Paid; the seats are sold.';
    case 'EXPIRED':
      return 'The hold ended without a payment.';
    case 'RELEASED':
      return 'The hold was released early.';
    case 'REFUSED':
      return 'No hold was granted.';
    case 'CANCELLED':
      return 'Cancelled after the sale.';
  }
}
