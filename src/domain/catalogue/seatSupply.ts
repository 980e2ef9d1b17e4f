/** Seats of a schedule that are neither sold nor blocked. */
export interface SeatSupply {
  available: number;
  /** Held, or being paid. These seats may become free again. */
  held: number;
}

/**
 * The supply of seats, for clients that wait.
 * - OPEN: seats are free.
 * - FULL: no seat is free at the moment, but seats become free if holds end without a payment.
 * - SOLD_OUT: no seat is free and no seat is held.
 */
export const SUPPLY_STATES = ['OPEN', 'FULL', 'SOLD_OUT'] as const;
export type SupplyState = (typeof SUPPLY_STATES)[number];

export function supplyState({ available, held }: SeatSupply): SupplyState {
  if (available > 0) return 'OPEN';
  return held > 0 ? 'FULL' : 'SOLD_OUT';
}
