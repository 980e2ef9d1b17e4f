export const SALE_SWITCHES = ['OPEN', 'PAUSED', 'CLOSED'] as const;

/** The operator's setting for a sale. OPEN permits sales only within the opening times. */
export type SaleSwitch = (typeof SALE_SWITCHES)[number];

/**
 * The status that buyers see.
 * - UPCOMING: the sale has not opened yet.
 * - OPEN: seats can be held now.
 * - PAUSED: within the opening times, but the operator has paused the sale.
 * - SOLD_OUT: open, but no seat is free at the moment. If a hold ends, the sale is OPEN again.
 * - CLOSED: the opening times are over, or the operator has closed the sale.
 * - CANCELLED: the show does not take place.
 */
export const SALE_STATUSES = ['UPCOMING', 'OPEN', 'PAUSED', 'SOLD_OUT', 'CLOSED', 'CANCELLED'] as const;
export type SaleStatus = (typeof SALE_STATUSES)[number];

export interface Sale {
  saleSwitch: SaleSwitch;
  saleOpensAt: Date;
  saleClosesAt: Date;
  cancelledAt: Date | null;
  seatsAvailable: number;
}

export function saleStatus(sale: Sale, now: Date): SaleStatus {
  if (sale.cancelledAt) return 'CANCELLED';
  if (sale.saleSwitch === 'CLOSED' || now >= sale.saleClosesAt) return 'CLOSED';
  if (now < sale.saleOpensAt) return 'UPCOMING';
  if (sale.saleSwitch === 'PAUSED') return 'PAUSED';
  return sale.seatsAvailable > 0 ? 'OPEN' : 'SOLD_OUT';
}

/** From the best status for a buyer to the worst. */
const MOST_HOPEFUL: readonly SaleStatus[] = ['OPEN', 'UPCOMING', 'PAUSED', 'SOLD_OUT', 'CLOSED', 'CANCELLED'];

/** The status of a concert is the best status among its schedules. A concert without schedules is UPCOMING. */
export function bestSaleStatus(statuses: readonly SaleStatus[]): SaleStatus {
  return MOST_HOPEFUL.find((status) => statuses.includes(status)) ?? 'UPCOMING';
}
