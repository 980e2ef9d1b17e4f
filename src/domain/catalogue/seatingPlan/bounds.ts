import type { PlanFault } from './faults';
import { listIn, memberOf } from './members';

/**
 * The maximum number of each part in a plan. The largest stadium in use has about 115,000 seats. The other limits leave
 * room for every plan that a person draws by hand. The parts are counted before any other check.
 */
const MOST = {
  categories: 500,
  zones: 2_000,
  rows: 30_000,
  seats: 120_000,
  areas: 10_000,
  /** The corners of polygons. */
  points: 100_000,
};

const PARTS = ['categories', 'zones', 'rows', 'seats', 'areas', 'points'] as const;

/**
 * Finds the parts of which a plan has too many. The plan may have any shape. The check only looks at each zone, row and
 * area once.
 */
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
