import type { Hall } from './hall';

/** A plan and the hall that was read from it, as JSON for the database. */
export interface HallText {
  /** As the operator sent it. */
  plan: Buffer;
  drawing: Buffer;
  /** Lists of at most {@link SEATS_IN_A_LIST} seats, each with its `position` in the plan. */
  seats: readonly Buffer[];
}

/** About 700 KB. To send one list takes the event loop a few milliseconds. */
const SEATS_IN_A_LIST = 5_000;

export function writeHall(plan: unknown, { seats, drawing }: Hall): HallText {
  const lists: Buffer[] = [];
  for (let from = 0; from < seats.length; from += SEATS_IN_A_LIST) {
    const list = seats.slice(from, from + SEATS_IN_A_LIST);
    lists.push(toJson(list.map((seat, index) => Object.assign({ position: from + index }, seat))));
  }
  return { plan: toJson(plan), drawing: toJson(drawing), seats: lists };
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
