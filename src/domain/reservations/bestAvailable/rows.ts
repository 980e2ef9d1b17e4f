import type { Point } from '../../catalogue/seatingPlan/geometry';

/** A step between two seats of a row that is this many times the usual one is an aisle. */
const AISLE = 1.5;

/** Beyond any row of chairs: such a list keeps the plan's order, because following it costs its square. */
const LONGEST_ROW = 1_000;

/** With fewer steps than this a row does not tell its own pitch. */
const STEPS_THAT_TELL = 3;

/**
 * The seats of each row of one zone, cut at the aisles: seats next to each other in a part have nothing between
 * them. Drawings decide, not seat numbers, which may count in twos or leave aisles out.
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

/** From the seat that is farthest from the middle always to the nearest one that is left: follows curves. */
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

/** The one of the least cost, and of several the first. */
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

/** Half of them are not greater, so that in a row of pairs the step within a pair is the usual one. */
function lowerMedian(steps: readonly number[]): number {
  return steps.toSorted((a, b) => a - b).at(Math.max(0, Math.ceil(steps.length / 2) - 1)) ?? Infinity;
}

export function distance(a: Point, b: Point): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);
}
