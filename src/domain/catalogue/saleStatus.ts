export const SALE_SWITCHES = ['OPEN', 'PAUSED', 'CLOSED'] as const;

/** The operator's word on a sale; OPEN still means within the opening times. */
export type SaleSwitch = (typeof SALE_SWITCHES)[number];

/**
 * What buyers read.
 * - UPCOMING: the sale has not opened yet.
 * - OPEN: seats can be held now.
 * - PAUSED: within the opening times, but the operator has paused the sale.
 * - SOLD_OUT: open, with no seat free at the moment; a hold that ends makes it OPEN again.
 * - CLOSED: the time is over, or the operator has closed the sale.
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

/** What a buyer can hope for most comes first. */
const MOST_HOPEFUL: readonly SaleStatus[] = ['OPEN', 'UPCOMING', 'PAUSED', 'SOLD_OUT', 'CLOSED', 'CANCELLED'];

/** A concert's status is the best among its schedules; one without schedules is still to come. */
export function bestSaleStatus(statuses: readonly SaleStatus[]): SaleStatus {
  return MOST_HOPEFUL.find((status) => statuses.includes(status)) ?? 'UPCOMING';
}
