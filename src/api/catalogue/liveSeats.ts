import type { Readable } from 'node:stream';
import type { EventStreams, StreamHolder } from '../http/eventStream';
import { openSeatRoom, type SeatRoom, type SeatRoomDependencies } from './seatRoom';

export interface LiveSeats {
  /**
   * Opens the stream of the changes of a schedule, from the version that the client has. If the version is undefined,
   * the first event reports every seat.
   *
   * @returns null for an unknown schedule
   * @throws {Problem} as `EventStreams.open`
   */
  open(scheduleId: string, version: number | undefined, holder: StreamHolder): Promise<Readable | null>;
}

/** One room for each schedule, for as long as a client watches it through this process. */
export function createLiveSeats(
  dependencies: SeatRoomDependencies & { streams: Pick<EventStreams, 'listener'> },
): LiveSeats {
  const rooms = new Map<string, SeatRoom>();

  function roomOf(scheduleId: string): SeatRoom {
    const open = rooms.get(scheduleId);
    if (open) return open;
    const room = openSeatRoom(dependencies, scheduleId, () => rooms.delete(scheduleId));
    rooms.set(scheduleId, room);
    return room;
  }

  return {
    async open(scheduleId, version, holder) {
      if (!(await dependencies.seatMaps.find(scheduleId))) return null;
      const stream = dependencies.streams.listener(holder);
      roomOf(scheduleId).enter(stream, version);
      return stream;
    },
  };
}
