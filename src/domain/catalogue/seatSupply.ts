/** Seats of a schedule that are neither sold nor blocked. */
export interface SeatSupply {
  available: number;
  /** Held, or being paid: they may come back. */
  held: number;
}

/**
 * What those who wait can hope for.
 * - OPEN: seats are free.
 * - FULL: none is free at the moment; holds that end may bring some back.
 * - SOLD_OUT: none is free and none is held.
 */
export const SUPPLY_STATES = ['OPEN', 'FULL', 'SOLD_OUT'] as const;
export type SupplyState = (typeof SUPPLY_STATES)[number];

export function supplyState({ available, held }: SeatSupply): SupplyState {
  if (available > 0) return 'OPEN';
  return held > 0 ? 'FULL' : 'SOLD_OUT';
}
