/** Every state of a reservation that a client can see. */
export const RESERVATION_STATUSES = [
  'HELD',
  'PAYING',
  'SETTLING',
  'CONFIRMED',
  'EXPIRED',
  'RELEASED',
  'CANCELLED',
] as const;

export type ReservationStatus = (typeof RESERVATION_STATUSES)[number];

/** The only permitted transitions. A state without a transition is final for the reservation workflow. */
const TRANSITIONS: Record<ReservationStatus, readonly ReservationStatus[]> = {
  HELD: ['PAYING', 'EXPIRED', 'RELEASED'],
  PAYING: ['HELD', 'SETTLING', 'CONFIRMED', 'EXPIRED'],
  SETTLING: ['HELD', 'CONFIRMED', 'EXPIRED'],
  CONFIRMED: ['CANCELLED'],
  EXPIRED: [],
  RELEASED: [],
  CANCELLED: [],
};

/** A reservation in one of these states has its seats and is not paid. */
export const OPEN_STATUSES = ['HELD', 'PAYING', 'SETTLING'] as const satisfies readonly ReservationStatus[];

export function isOpen(status: ReservationStatus): boolean {
  return OPEN_STATUSES.some((open) => open === status);
}

export function canMove(from: ReservationStatus, to: ReservationStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The states from which `to` may be reached, for the `WHERE` of a conditional write. */
export function statesBefore(to: ReservationStatus): ReservationStatus[] {
  return RESERVATION_STATUSES.filter((from) => canMove(from, to));
}
