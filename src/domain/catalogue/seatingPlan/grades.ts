import { plainName } from './names';
import type { HallCategory } from './hall';

/** What the seats of one category cost in one schedule. The colour is the plan's. */
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

/** A category of a schedule's venue. Without a price its seats are there, and not for sale. */
export interface PricedCategory {
  grade: string;
  price: number | null;
  color: string;
  seats: number;
}

/**
 * Every category that has seats, in the plan's order, with its price in a schedule.
 *
 * @param prices by category, in any Unicode form of its name
 * @returns every fault instead, where a price has no category with seats, a category has two, or none has any
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
