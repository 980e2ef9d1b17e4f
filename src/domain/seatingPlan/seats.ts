import type { SeatingPlan } from './schema';
import type { Point } from './stage';

/** A seat as the plan draws it. Zone, row and number are what a ticket says; x and y are in plan units. */
export interface PlannedSeat {
  guid: string;
  zone: string;
  row: string;
  number: string;
  /** The plan's name of the grade. */
  category: string;
  x: number;
  y: number;
  /** By its own word or its category's. */
  accessible: boolean;
}

const ORIGIN: Point = { x: 0, y: 0 };

/** Every seat in the plan's order, placed on the plan as a whole. */
export function seatsOfPlan(plan: SeatingPlan): PlannedSeat[] {
  const accessible = new Set(
    plan.categories.filter((category) => category.accessible).map(({ name }) => name),
  );
  return plan.zones.flatMap((zone, index) =>
    zone.rows.flatMap((row) =>
      row.seats.map((seat) => ({
        guid: seat.seat_guid,
        zone: zone.name ?? `Zone ${index + 1}`,
        row: row.row_number,
        number: seat.seat_number,
        category: seat.category,
        accessible: seat.accessible ?? accessible.has(seat.category),
        ...sumOf(zone.position, row.position ?? ORIGIN, seat.position),
      })),
    ),
  );
}

/** To hundredths: plans are drawn in pixels, and sums of floats should not show their tails. */
function sumOf(...points: Point[]): Point {
  const total = points.reduce((sum, point) => ({ x: sum.x + point.x, y: sum.y + point.y }));
  return { x: Math.round(total.x * 100) / 100, y: Math.round(total.y * 100) / 100 };
}
