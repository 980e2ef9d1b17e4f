import type { Block, SeatLayout } from './layout';

export interface SeatWish {
  quantity: number;
  /** If absent, any. */
  grade?: string | undefined;
  /** If absent, any. */
  zone?: string | undefined;
  /** True: only accessible seats. Otherwise accessible seats are offered only if the other seats do not suffice. */
  accessible?: boolean | undefined;
}

/** The letter of a free seat. */
const AVAILABLE = 'A'.charCodeAt(0);

/** Yields groups of slots, best first. No slot is in two groups. The step marks the slots of a group as not free. */
type Step = (layout: SeatLayout, free: Uint8Array, quantity: number) => Iterable<number[]>;

/**
 * From strict to loose, following the documentation of ticketing services (see decision 0030):
 *
 * 1. side by side, without leaving a single seat
 * 2. side by side
 * 3. in two parts in neighbouring rows
 * 4. in two parts in one zone
 * 5. in as few parts as possible
 *
 * Each step prefers the seats that are nearest to the stage.
 */
const STEPS: readonly Step[] = [
  (layout, free, quantity) => sideBySide(layout, free, quantity, leavesNoSingle),
  (layout, free, quantity) => sideBySide(layout, free, quantity, () => true),
  (layout, free, quantity) => inTwoParts(layout, free, quantity, (a, b) => Math.abs(a.row - b.row) <= 1),
  (layout, free, quantity) => inTwoParts(layout, free, quantity, () => true),
  inFewParts,
];

/**
 * Returns the best groups of free seats for a wish, best first. No seat is in two groups. All groups come from the
 * first step that yields any. The caller may try a looser step only if these groups turn out to be taken.
 *
 * @param statuses one letter for each seat in the order of the plan; A means free
 * @param taken seats that are known to be taken, even if `statuses` says otherwise
 * @param limit the maximum number of groups
 * @returns seat ids; an empty list if no group fits
 */
export function chooseBest(
  layout: SeatLayout,
  statuses: string,
  wish: SeatWish,
  { taken, limit }: { taken: ReadonlySet<string>; limit: number },
): string[][] {
  for (const accepts of offersFor(layout, wish)) {
    const free = freeSlots(layout, statuses, taken, (block) => fits(layout, block, wish) && accepts(block));
    // Typical at the end of a sale: too few seats are left.
    if (count(free) < wish.quantity) continue;
    for (const step of STEPS) {
      // A step that yields no group leaves `free` unchanged.
      const groups = firstOf(step(layout, free, wish.quantity), limit);
      if (groups.length > 0)
        return groups.map((slots) => slots.flatMap((slot) => layout.seatIds[slot] ?? []));
    }
  }
  return [];
}

function firstOf<Item>(items: Iterable<Item>, limit: number): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    first.push(item);
    if (first.length === limit) break;
  }
  return first;
}

/**
 * Returns the filters for the offered seats, in order. The second one applies if the first one leaves too few seats.
 */
function offersFor({ blocks }: SeatLayout, wish: SeatWish): ((block: Block) => boolean)[] {
  if (wish.accessible) return [(block) => block.accessible];
  if (!blocks.some((block) => block.accessible)) return [() => true];
  return [(block) => !block.accessible, () => true];
}

function fits(layout: SeatLayout, block: Block, { grade, zone }: SeatWish): boolean {
  if (grade !== undefined && block.grade !== grade) return false;
  return zone === undefined || layout.zones[block.zone]?.name === zone;
}

function freeSlots(
  layout: SeatLayout,
  statuses: string,
  taken: ReadonlySet<string>,
  accepts: (block: Block) => boolean,
): Uint8Array {
  const free = new Uint8Array(layout.slots);
  for (const block of layout.blocks) {
    if (!accepts(block)) continue;
    for (let slot = block.from; slot < block.to; slot += 1) {
      if (statuses.charCodeAt(layout.planIndexes[slot] ?? -1) === AVAILABLE) free[slot] = 1;
    }
  }
  for (const seatId of taken) free[layout.slotOf.get(seatId) ?? 0] = 0;
  return free;
}

function* sideBySide(
  layout: SeatLayout,
  free: Uint8Array,
  quantity: number,
  suits: (free: Uint8Array, start: number, size: number) => boolean,
): Iterable<number[]> {
  for (const start of layout.windows(quantity)) {
    if (isFree(free, start, quantity) && suits(free, start, quantity)) yield take(free, start, quantity);
  }
}

/** A single free seat next to a group is hard to sell. A seat that was single before does not count. */
function leavesNoSingle(free: Uint8Array, start: number, size: number): boolean {
  const end = start + size;
  const singleBefore = free[start - 1] === 1 && free[start - 2] !== 1;
  const singleAfter = free[end] === 1 && free[end + 1] !== 1;
  return !singleBefore && !singleAfter;
}

/** Two parts of one zone and grade, as equal and as near to each other as possible. No part is a single seat. */
function* inTwoParts(
  layout: SeatLayout,
  free: Uint8Array,
  quantity: number,
  near: (one: Block, other: Block) => boolean,
): Iterable<number[]> {
  for (let smaller = Math.floor(quantity / 2); smaller >= 2; smaller -= 1) {
    const larger = quantity - smaller;
    for (const start of layout.windows(larger)) {
      if (!isFree(free, start, larger)) continue;
      const slots = take(free, start, larger);
      const partner = nearestPart(layout, free, { start, size: larger }, smaller, near);
      if (partner === undefined) for (const slot of slots) free[slot] = 1;
      else yield [...slots, ...take(free, partner, smaller)];
    }
  }
}

function nearestPart(
  layout: SeatLayout,
  free: Uint8Array,
  part: Part,
  size: number,
  near: (one: Block, other: Block) => boolean,
): number | undefined {
  const { blockOf, zones } = layout;
  const block = blockOf[part.start];
  const zone = block && zones[block.zone];
  if (!zone) return undefined;
  let found: number | undefined;
  let least = Infinity;
  for (let start = zone.from; start < zone.to; start += 1) {
    const own = blockOf[start];
    if (own?.grade !== block.grade || !near(block, own) || !isFree(free, start, size)) continue;
    const apart = distanceOfMiddles(layout, part, { start, size });
    if (apart < least) [found, least] = [start, apart];
  }
  return found;
}

/** Takes the longest possible part, then the longest possible part for the remaining seats, and so on. */
function* inFewParts(layout: SeatLayout, free: Uint8Array, quantity: number): Iterable<number[]> {
  // Free slots only ever become taken, so each window is checked at most once.
  const looked = new Map<number, number>();
  const nextFree = (size: number): number | undefined => {
    const windows = layout.windows(size);
    let at = looked.get(size) ?? 0;
    while (at < windows.length && !isFree(free, windows[at] ?? 0, size)) at += 1;
    looked.set(size, at);
    return windows[at];
  };
  for (;;) {
    const slots: number[] = [];
    let size = quantity;
    while (slots.length < quantity) {
      size = Math.min(size, quantity - slots.length);
      const start = nextFree(size);
      if (start !== undefined) slots.push(...take(free, start, size));
      else if (size > 1) size -= 1;
      else return;
    }
    yield slots;
  }
}

function count(free: Uint8Array): number {
  let counted = 0;
  for (const flag of free) counted += flag;
  return counted;
}

function isFree(free: Uint8Array, start: number, size: number): boolean {
  for (let slot = start; slot < start + size; slot += 1) if (free[slot] !== 1) return false;
  return true;
}

function take(free: Uint8Array, start: number, size: number): number[] {
  free.fill(0, start, start + size);
  return Array.from({ length: size }, (_, index) => start + index);
}

interface Part {
  start: number;
  size: number;
}

function distanceOfMiddles({ x, y }: SeatLayout, one: Part, other: Part): number {
  return Math.hypot(middle(x, one) - middle(x, other), middle(y, one) - middle(y, other));
}

function middle(along: Float64Array, { start, size }: Part): number {
  return ((along[start] ?? 0) + (along[start + size - 1] ?? 0)) / 2;
}
