import type { Readable } from 'node:stream';
import type { EventStreams, StreamHolder } from '../http/eventStream';
import { openSeatBroadcast, type SeatBroadcast, type SeatBroadcastDependencies } from './seatBroadcast';

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

/** One broadcast for each schedule, for as long as a client watches it through this process. */
export function createLiveSeats(
  dependencies: SeatBroadcastDependencies & { streams: Pick<EventStreams, 'listener'> },
): LiveSeats {
  const broadcasts = new Map<string, SeatBroadcast>();

  function broadcastOf(scheduleId: string): SeatBroadcast {
    const open = broadcasts.get(scheduleId);
    if (open) return open;
    const broadcast = openSeatBroadcast(dependencies, scheduleId, () => broadcasts.delete(scheduleId));
    broadcasts.set(scheduleId, broadcast);
    return broadcast;
  }

  return {
    async open(scheduleId, version, holder) {
      if (!(await dependencies.seatMaps.find(scheduleId))) return null;
      const stream = dependencies.streams.listener(holder);
      broadcastOf(scheduleId).enter(stream, version);
      return stream;
    },
  };
}
