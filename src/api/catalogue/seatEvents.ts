import { frame } from '../http/eventStream';
import { STATUS_NAMES, type SeatMap } from './seatMapBody';

/** Seats by their position in the plan, each with the letter of its new status. */
export type SeatChangeSet = Iterable<readonly [position: number, letter: string]>;

/**
 * Makes one event `seats` with the changes up to the version of `map`. That version is the id of the event. If
 * `changes` has all changes since the version of a client, the client then has every seat as in `map`.
 */
export function seatsEvent({ version, seatIds }: SeatMap, changes: SeatChangeSet): Buffer {
  const told = Array.from(changes, ([position, letter]) => ({
    seatId: seatIds[position],
    status: STATUS_NAMES.get(letter),
  }));
  return Buffer.from(frame({ id: String(version), event: 'seats', data: { version, changes: told } }));
}

/** Reports every seat, whatever the client knew before. */
export const everySeat = (map: SeatMap): Buffer => seatsEvent(map, map.statuses.split('').entries());

/** Both maps are of the same schedule, so the same position is the same seat. */
export function* changesOf(before: SeatMap, after: SeatMap): Generator<[position: number, letter: string]> {
  if (before.statuses === after.statuses) return;
  for (let position = 0; position < after.statuses.length; position += 1) {
    const letter = after.statuses.charAt(position);
    if (letter !== before.statuses.charAt(position)) yield [position, letter];
  }
}
