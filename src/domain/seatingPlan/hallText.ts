import type { Hall } from './hall';

/** A plan and what was read of it, as JSON ready for the database. */
export interface HallText {
  /** As it was sent. */
  plan: string;
  drawing: string;
  /** Lists of at most {@link SEATS_IN_A_LIST} seats, each with its `position` in the plan. */
  seats: string[];
}

/** Some 700 KB: sending one costs the event loop a few milliseconds. */
const SEATS_IN_A_LIST = 5_000;

export function writeHall(plan: unknown, { seats, drawing }: Hall): HallText {
  const lists: string[] = [];
  for (let from = 0; from < seats.length; from += SEATS_IN_A_LIST) {
    const list = seats.slice(from, from + SEATS_IN_A_LIST);
    lists.push(JSON.stringify(list.map((seat, index) => Object.assign({ position: from + index }, seat))));
  }
  return { plan: JSON.stringify(plan), drawing: JSON.stringify(drawing), seats: lists };
}
