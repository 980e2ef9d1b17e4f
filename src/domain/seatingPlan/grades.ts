import type { SeatingPlan } from './schema';
import type { PlannedSeat } from './seats';

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

/** For a category that the plan gives no colour. */
const NEUTRAL_COLOR = '#8a94a6';

/**
 * The grades of a schedule, in the plan's order: every category that has seats, with its price.
 *
 * @returns every fault instead, where a category with seats has no price or a price has no such category
 */
export function priceGrades(
  plan: SeatingPlan,
  seats: readonly PlannedSeat[],
  prices: Readonly<Record<string, number>>,
): { grades: Grade[]; faults: [] } | { grades: []; faults: PriceFault[] } {
  const used = new Set(seats.map((seat) => seat.category));
  const categories = plan.categories.filter(({ name }) => used.has(name));
  const given = new Map(Object.entries(prices));
  const grades: Grade[] = [];
  const faults: PriceFault[] = [];
  for (const { name, color } of categories) {
    const price = given.get(name);
    if (price === undefined) faults.push({ path: `prices.${name}`, message: 'This category has no price' });
    else grades.push({ grade: name, price, color: color ?? NEUTRAL_COLOR });
  }
  for (const name of given.keys()) {
    if (!used.has(name))
      faults.push({ path: `prices.${name}`, message: 'The venue has no seats of this category' });
  }
  return faults.length > 0 ? { grades: [], faults } : { grades, faults: [] };
}
