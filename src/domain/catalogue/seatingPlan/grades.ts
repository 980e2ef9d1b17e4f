import { plainName } from './names';
import type { HallCategory } from './hall';

/** The price of the seats of one category in one schedule. The colour comes from the plan. */
export interface Grade {
  grade: string;
  /** In whole currency units. */
  price: number;
  color: string;
}

export interface PriceFault {
  path: string;
  message: string;
}

/** A category of the schedule's venue. Seats without a price exist, but they are not for sale. */
export interface PricedCategory {
  grade: string;
  price: number | null;
  color: string;
  seats: number;
}

/**
 * Returns every category that has seats, in the order of the plan, with its price in a schedule.
 *
 * @param prices by category name, in any Unicode form
 * @returns all faults instead, if a price has no category with seats, a category has two prices, or no category has one
 */
export function priceGrades(
  categories: readonly HallCategory[],
  prices: Readonly<Record<string, number>>,
): { grades: PricedCategory[]; faults: [] } | { grades: []; faults: PriceFault[] } {
  const used = categories.filter(({ seats }) => seats > 0);
  const names = new Set(used.map(({ name }) => name));
  const given = new Map<string, number>();
  const faults: PriceFault[] = [];
  for (const [key, price] of Object.entries(prices)) {
    const name = plainName(key);
    const path = `prices.${key}`;
    if (!names.has(name)) faults.push({ path, message: 'The venue has no seats of this category' });
    else if (given.has(name)) faults.push({ path, message: 'This category has a price already' });
    given.set(name, price);
  }
  if (given.size === 0) faults.push({ path: 'prices', message: 'At least one category must have a price' });
  if (faults.length > 0) return { grades: [], faults };
  const grades = used.map(({ name, color, seats }) => ({
    grade: name,
    price: given.get(name) ?? null,
    color,
    seats,
  }));
  return { grades, faults: [] };
}
