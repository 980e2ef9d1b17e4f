import type { Point } from '../../catalogue/seatingPlan/geometry';

/** If the step between two seats of a row is this many times the usual step, an aisle lies between them. */
const AISLE = 1.5;

/**
 * Longer than any row of chairs. Such a list keeps the order of the plan, because following it costs quadratic time.
 */
const LONGEST_ROW = 1_000;

/** A row with fewer steps than this does not show its usual step. */
const STEPS_THAT_TELL = 3;

/**
 * Cuts the rows of one zone at the aisles. Within a part, there is nothing between two neighbouring seats. The drawing
 * decides and not the seat numbers: numbers may count in twos, or ignore aisles.
 *
 * @param rows the seats of each row
 * @returns the parts of each row, each from one end to the other
 */
export function cutAtAisles<Seat extends Point>(rows: readonly (readonly Seat[])[]): Seat[][][] {
  const lines = rows.map(inLine);
  const usualInZone = lowerMedian(lines.flatMap(stepsOf));
  return lines.map((line) => {
    const steps = stepsOf(line);
    const usual = steps.length < STEPS_THAT_TELL ? usualInZone : lowerMedian(steps);
    const parts: Seat[][] = [];
    line.forEach((seat, index) => {
      const part = parts.at(-1);
      if (part && (steps[index - 1] ?? 0) <= usual * AISLE) part.push(seat);
      else parts.push([seat]);
    });
    return parts;
  });
}

/**
 * Starts at the seat that is farthest from the middle, and always goes to the nearest remaining seat. So it follows
 * curves.
 */
function inLine<Seat extends Point>(row: readonly Seat[]): readonly Seat[] {
  if (row.length > LONGEST_ROW) return row;
  const middle = {
    x: row.reduce((total, seat) => total + seat.x, 0) / row.length,
    y: row.reduce((total, seat) => total + seat.y, 0) / row.length,
  };
  const left = new Set(row);
  const line: Seat[] = [];
  let next = best(left, (seat) => -distance(seat, middle));
  while (next) {
    const from = next;
    line.push(from);
    left.delete(from);
    next = best(left, (seat) => distance(seat, from));
  }
  return line;
}

/** Returns the item with the lowest cost. If several have it, the first one. */
function best<Item>(items: Iterable<Item>, cost: (item: Item) => number): Item | undefined {
  let found: Item | undefined;
  let least = Infinity;
  for (const item of items) {
    const costs = cost(item);
    if (costs < least) [found, least] = [item, costs];
  }
  return found;
}

function stepsOf(line: readonly Point[]): number[] {
  return line.slice(1).map((seat, index) => distance(seat, line[index] ?? seat));
}

/**
 * At least half of the steps are not greater than the result. So in a row of pairs, the step within a pair is the usual
 * one.
 */
function lowerMedian(steps: readonly number[]): number {
  return steps.toSorted((a, b) => a - b).at(Math.max(0, Math.ceil(steps.length / 2) - 1)) ?? Infinity;
}

export function distance(a: Point, b: Point): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);
}
