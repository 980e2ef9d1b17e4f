import type { Point } from '../../catalogue/seatingPlan/geometry';
import { cutAtAisles, distance } from './rows';

export interface PlacedSeat extends Point {
  seatId: string;
  zone: string;
  row: string;
  grade: string;
  accessible: boolean;
}

/** Seats without a gap between them: of one row, one grade, and all accessible or none. */
export interface Block {
  zone: number;
  /** Its place among the rows of its zone, in the plan's order. */
  row: number;
  grade: string;
  accessible: boolean;
  /** Its first slot and the one after its last. */
  from: number;
  to: number;
}

/**
 * What never changes about a schedule's seats, laid out for choosing among them: each block's seats lie in slots
 * that follow each other, zone after zone. Around every block lies a slot without a seat, which is never free,
 * so that no run of free slots leaves its block.
 */
export interface SeatLayout {
  /** Of all arrays by slot; seats and the slots without one. */
  slots: number;
  /** By slot; undefined where there is no seat. */
  seatIds: readonly (string | undefined)[];
  /** The seat's place in the plan, by slot; -1 where there is no seat. */
  places: Int32Array;
  blocks: readonly Block[];
  blockOf: readonly (Block | undefined)[];
  x: Float64Array;
  y: Float64Array;
  slotOf: ReadonlyMap<string, number>;
  /** By {@link Block.zone}: name, first slot and the one after the last. */
  zones: readonly { name: string; from: number; to: number }[];
  grades: ReadonlySet<string>;
  /** The middle of the front, which stands in for a stage that nobody knows; null where the stage is known. */
  assumedStage: Point | null;
  /**
   * First slots of every `size` seats of a block that lie side by side, nearest to the stage first, and of those
   * as near the first by the plan. Nearness is the sum of their distances. Sorted once for each size.
   */
  windows(size: number): Int32Array;
}

/**
 * @param seats in the plan's order
 * @param stage what to be near to; null: the middle of the plan's front, which is where y is least
 */
export function layOut(seats: readonly PlacedSeat[], stage: Point | null): SeatLayout {
  const target = stage ?? frontOf(seats);
  const placed = seats.map((seat, place) => ({ ...seat, place }));
  const seatIds: (string | undefined)[] = [undefined];
  const blockOf: (Block | undefined)[] = [undefined];
  const blocks: Block[] = [];
  const places = [-1];
  const [x, y, away] = [[0], [0], [0]];
  const slotOf = new Map<string, number>();
  const zones: { name: string; from: number; to: number }[] = [];

  for (const [name, inZone] of groupBy(placed, (seat) => seat.zone)) {
    const from = seatIds.length;
    const rows = [...groupBy(inZone, (seat) => seat.row).values()];
    cutAtAisles(rows).forEach((parts, row) => {
      for (const run of parts.flatMap(splitByKind)) {
        const [{ grade, accessible }] = run;
        const start = seatIds.length;
        const block = { zone: zones.length, row, grade, accessible, from: start, to: start + run.length };
        blocks.push(block);
        for (const seat of run) {
          slotOf.set(seat.seatId, seatIds.length);
          seatIds.push(seat.seatId);
          blockOf.push(block);
          places.push(seat.place);
          x.push(seat.x);
          y.push(seat.y);
          away.push(distance(seat, target));
        }
        seatIds.push(undefined);
        blockOf.push(undefined);
        places.push(-1);
        for (const column of [x, y, away]) column.push(0);
      }
    });
    zones.push({ name, from, to: seatIds.length });
  }

  const sorted = new Map<number, Int32Array>();
  return {
    slots: seatIds.length,
    seatIds,
    blocks,
    blockOf,
    places: Int32Array.from(places),
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    slotOf,
    zones,
    grades: new Set(seats.map((seat) => seat.grade)),
    assumedStage: stage ? null : target,
    windows(size) {
      const known = sorted.get(size) ?? sortWindows(size, seatIds, places, away);
      sorted.set(size, known);
      return known;
    },
  };
}

function sortWindows(
  size: number,
  seatIds: readonly (string | undefined)[],
  places: readonly number[],
  away: readonly number[],
): Int32Array {
  const costs = new Float64Array(seatIds.length);
  const starts: number[] = [];
  let [run, cost] = [0, 0];
  seatIds.forEach((seatId, slot) => {
    run = seatId === undefined ? 0 : run + 1;
    cost = run === 0 ? 0 : cost + (away[slot] ?? 0);
    if (run > size) cost -= away[slot - size] ?? 0;
    if (run < size) return;
    const start = slot - size + 1;
    // To hundredths of a plan unit: sums of floats must not decide between seats that are as near.
    costs[start] = Math.round(cost * 100);
    starts.push(start);
  });
  const order = (slot: number): number => places[slot] ?? 0;
  return Int32Array.from(starts).toSorted((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0) || order(a) - order(b));
}

/** Where the grade changes, or accessible seats begin, a block ends. */
function splitByKind<Seat extends PlacedSeat>(line: readonly Seat[]): [Seat, ...Seat[]][] {
  const runs: [Seat, ...Seat[]][] = [];
  for (const seat of line) {
    const run = runs.at(-1);
    if (run && run[0].grade === seat.grade && run[0].accessible === seat.accessible) run.push(seat);
    else runs.push([seat]);
  }
  return runs;
}

function frontOf(seats: readonly Point[]): Point {
  if (seats.length === 0) return { x: 0, y: 0 };
  let [left, right, front] = [Infinity, -Infinity, Infinity];
  for (const { x, y } of seats) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    front = Math.min(front, y);
  }
  return { x: (left + right) / 2, y: front };
}

/** In the order in which the keys come. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
