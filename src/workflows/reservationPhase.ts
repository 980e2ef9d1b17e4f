import type { HeldReservation, ReservationState } from './messages';

/** HOLDING: the hold is being recorded. The other additions have no row in Postgres. */
export type Phase = ReservationState['status'] | 'NEW' | 'HOLDING';

export function isOver(phase: Phase): boolean {
  return phase === 'CONFIRMED' || phase === 'EXPIRED' || phase === 'RELEASED' || phase === 'REFUSED';
}

/** One sentence for the operator who opens the workflow. */
export function describe(phase: Phase, held: HeldReservation | null): string {
  const seats = held
    ? `${held.seats.length} seat(s), ${held.amount.total} ${held.amount.currency}`
    : 'the seats';
  switch (phase) {
    case 'NEW':
    case 'HOLDING':
      return `Holding ${seats}.`;
    case 'HELD':
      return `Holds ${seats} until ${held?.expiresAt}; waiting for a payment.`;
    case 'PAYING':
      return `A payment for ${seats} is under way.`;
    case 'SETTLING':
      return `Waiting for the gateway's word on the payment for ${seats}; the seats stay held.`;
    case 'CONFIRMED':
      return `Paid: ${seats} sold.`;
    case 'EXPIRED':
      return `The hold of ${seats} ended without a payment.`;
    case 'RELEASED':
      return `The hold of ${seats} was released early.`;
    case 'REFUSED':
      return 'The hold was refused; nothing was held.';
    case 'CANCELLED':
      return `Cancelled after the sale: ${seats}.`;
  }
}
