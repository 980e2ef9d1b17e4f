import type { PlanFault } from './faults';
import { listIn, memberOf } from './members';

/**
 * The most that a plan may have of each part. The largest stadium in use seats about 115,000; the others leave room
 * for every plan that was drawn by hand. They are counted before anything else is looked at.
 */
const MOST = {
  categories: 500,
  zones: 2_000,
  rows: 30_000,
  seats: 120_000,
  areas: 10_000,
  /** Corners of polygons. */
  points: 100_000,
};

const PARTS = ['categories', 'zones', 'rows', 'seats', 'areas', 'points'] as const;

/** The faults of a plan of any shape that has too many parts. Costs a look at each zone, row and area. */
export function countFaults(plan: unknown): PlanFault[] {
  const zones = listIn(plan, 'zones');
  const counted = {
    categories: listIn(plan, 'categories').length,
    zones: zones.length,
    rows: 0,
    seats: 0,
    areas: 0,
    points: 0,
  };
  for (const zone of zones.length > MOST.zones ? [] : zones) {
    const [rows, areas] = [listIn(zone, 'rows'), listIn(zone, 'areas')];
    counted.rows += rows.length;
    counted.areas += areas.length;
    for (const row of rows) counted.seats += listIn(row, 'seats').length;
    for (const area of areas) counted.points += listIn(memberOf(area, 'polygon'), 'points').length;
  }
  return PARTS.filter((part) => counted[part] > MOST[part]).map((part) => ({
    path: [part === 'categories' ? 'categories' : 'zones'],
    message: `At most ${MOST[part]} ${part}; the plan has ${counted[part]}`,
  }));
}
