import type { Point } from '../../catalogue/seatingPlan/geometry';
import { cutAtAisles, distance } from './rows';

export interface PlacedSeat extends Point {
  seatId: string;
  zone: string;
  row: string;
  grade: string;
  accessible: boolean;
}

/** A run of seats without a gap, in one row and one grade. Either all of them are accessible, or none. */
export interface Block {
  zone: number;
  /** The index of its row among the rows of the zone, in the order of the plan. */
  row: number;
  grade: string;
  accessible: boolean;
  /** Its first slot, and the slot after its last one. */
  from: number;
  to: number;
}

/**
 * The constant data of a schedule's seats, arranged for choosing seats. The seats of each block lie in consecutive
 * slots, zone after zone. A slot without a seat lies before and after every block. It is never free, so a run of free
 * slots never leaves its block.
 */
export interface SeatLayout {
  /** The length of all arrays by slot. It counts the slots with and without a seat. */
  slots: number;
  /** By slot. undefined if the slot has no seat. */
  seatIds: readonly (string | undefined)[];
  /** The index of the seat in the plan, by slot. -1 if the slot has no seat. */
  planIndexes: Int32Array;
  blocks: readonly Block[];
  blockOf: readonly (Block | undefined)[];
  x: Float64Array;
  y: Float64Array;
  slotOf: ReadonlyMap<string, number>;
  /** By {@link Block.zone}: the name, the first slot, and the slot after the last one. */
  zones: readonly { name: string; from: number; to: number }[];
  grades: ReadonlySet<string>;
  /** The middle of the front, which replaces the stage if its position is not known. null if it is known. */
  assumedStage: Point | null;
  /**
   * Returns the first slot of each run of `size` seats that lie side by side in a block. The runs are sorted by the sum
   * of the distances of their seats to the stage, nearest first. Equally near runs keep the order of the plan. The
   * result is sorted once for each size.
   */
  windows(size: number): Int32Array;
}

/**
 * @param seats in the order of the plan
 * @param stage the point to which seats should be near; null: the middle of the front of the plan, where y is smallest
 */
export function layOut(seats: readonly PlacedSeat[], stage: Point | null): SeatLayout {
  const target = stage ?? frontOf(seats);
  const placed = seats.map((seat, planIndex) => ({ ...seat, planIndex }));
  const seatIds: (string | undefined)[] = [undefined];
  const blockOf: (Block | undefined)[] = [undefined];
  const blocks: Block[] = [];
  const planIndexes = [-1];
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
          planIndexes.push(seat.planIndex);
          x.push(seat.x);
          y.push(seat.y);
          away.push(distance(seat, target));
        }
        seatIds.push(undefined);
        blockOf.push(undefined);
        planIndexes.push(-1);
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
    planIndexes: Int32Array.from(planIndexes),
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    slotOf,
    zones,
    grades: new Set(seats.map((seat) => seat.grade)),
    assumedStage: stage ? null : target,
    windows(size) {
      const known = sorted.get(size) ?? sortWindows(size, seatIds, planIndexes, away);
      sorted.set(size, known);
      return known;
    },
  };
}

function sortWindows(
  size: number,
  seatIds: readonly (string | undefined)[],
  planIndexes: readonly number[],
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
    // Round to hundredths of a plan unit: float errors must not decide between seats at the same distance.
    costs[start] = Math.round(cost * 100);
    starts.push(start);
  });
  const order = (slot: number): number => planIndexes[slot] ?? 0;
  return Int32Array.from(starts).toSorted((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0) || order(a) - order(b));
}

/** A block ends if the grade changes, or if accessible seats begin or end. */
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

/** In the order in which the keys first appear. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
