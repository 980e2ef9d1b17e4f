import type { SeatingPlan } from '../../src/domain/catalogue/seatingPlan/schema';

/** In plan units: there is a seat every 20 units, which means half a metre. */
export const SEAT_SPACING = 20;
export const ROW_SPACING = 34;

/**
 * A type, not an interface: the schema of the plan allows extra properties, and an interface has no index signature.
 */
export type Point = { x: number; y: number };

export type Zone = SeatingPlan['zones'][number];
export type Area = NonNullable<Zone['areas']>[number];

export interface RowDrawing {
  number: string;
  category: string;
  /** Positions on the whole plan, in the order of the seat numbers. */
  seats: readonly Point[];
}

/** The grades of all demo venues, best first. */
export const CATEGORIES = [
  { name: 'VIP', color: '#7b3fa0' },
  { name: 'R', color: '#cf4446' },
  { name: 'S', color: '#dd9a2b' },
  { name: 'A', color: '#3a8f6d' },
  { name: 'B', color: '#3f78b5' },
];

/**
 * Seats on an arc, evenly spread around its middle.
 *
 * @param from in degrees; 0 points down the plan, 90 to the right
 */
export function alongArc(arc: { centre: Point; radius: number; from: number; to: number }): Point[] {
  const { centre, radius, from, to } = arc;
  const step = toDegrees(SEAT_SPACING / radius);
  const count = Math.floor((to - from) / step + 1e-9);
  const first = (from + to) / 2 - ((count - 1) / 2) * step;
  return Array.from({ length: count }, (_, index) => {
    const angle = toRadians(first + index * step);
    return { x: centre.x + radius * Math.sin(angle), y: centre.y + radius * Math.cos(angle) };
  });
}

/** Seats on a straight line, evenly spread around its middle. */
export function alongLine(from: Point, to: Point): Point[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const count = Math.floor(length / SEAT_SPACING + 1e-9);
  return Array.from({ length: count }, (_, index) => {
    const share = 0.5 + ((index - (count - 1) / 2) * SEAT_SPACING) / length;
    return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
  });
}

/** A zone in the seating-plan format. Each row is placed at its first seat, as the editor does it. */
export function zone(name: string, rows: readonly RowDrawing[], areas: readonly Area[] = []): Zone {
  const id = name.replaceAll(' ', '');
  return {
    name,
    zone_id: id,
    position: { x: 0, y: 0 },
    rows: rows.map((row) => {
      const origin = rounded(row.seats[0] ?? { x: 0, y: 0 });
      return {
        row_number: row.number,
        row_number_position: 'both',
        position: origin,
        seats: row.seats.map((seat, index) => ({
          seat_guid: `${id}-${row.number}-${index + 1}`,
          seat_number: String(index + 1),
          position: rounded({ x: seat.x - origin.x, y: seat.y - origin.y }),
          category: row.category,
        })),
      };
    }),
    areas: [...areas],
  };
}

/** A caption centred on a point. */
export function caption(text: string, at: Point, size: number, color = '#5b6472'): Area {
  return {
    shape: 'text',
    position: rounded(at),
    rotation: 0,
    text: { text, color, size, position: { x: 0, y: 0 } },
  };
}

/** A filled outline with a caption in it. The points are relative to `at`. */
export function stage(text: string, at: Point, size: number, points: readonly Point[]): Area {
  return {
    shape: 'polygon',
    position: rounded(at),
    rotation: 0,
    color: '#2b303b',
    border_color: '#2b303b',
    polygon: { points: points.map(rounded) },
    text: { text, color: '#ffffff', size, position: { x: 0, y: 0 } },
  };
}

/** A soft background rectangle around `middle`. */
export function backdrop(middle: Point, width: number, height: number, color: string): Area {
  return {
    shape: 'rectangle',
    position: rounded({ x: middle.x - width / 2, y: middle.y - height / 2 }),
    rotation: 0,
    color,
    border_color: color,
    rectangle: { width: Math.round(width), height: Math.round(height) },
  };
}

export const toRadians = (degrees: number): number => (degrees * Math.PI) / 180;
export const toDegrees = (radians: number): number => (radians * 180) / Math.PI;

/** Rounds to one decimal: 1/200 of the distance between two seats. This keeps the files small. */
function rounded({ x, y }: Point): Point {
  return { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
}
