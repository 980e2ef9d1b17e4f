import type { Readable } from 'node:stream';
import type { SeatChanges } from '../../redis/catalogue/seatChanges';
import type { SeatMapCache } from '../../redis/catalogue/seatMapCache';
import type { EventStreams } from '../http/eventStream';
import { changesOf, everySeat, seatsEvent } from './seatEvents';
import type { SeatMap } from './seatMapBody';
import type { SeatMaps } from './seatMaps';

/** Changes within this time become one event. The eye needs no more, and each event goes to thousands of clients. */
const PAUSE_MS = 250;

/**
 * The time until the next look if nothing was announced. Together with the age of the statuses it stays below a second.
 */
const UNANNOUNCED_MS = 500;

export interface SeatBroadcastDependencies {
  seatMaps: SeatMaps;
  cache: Pick<SeatMapCache, 'changesBetween'>;
  changes: SeatChanges;
  streams: Pick<EventStreams, 'send'>;
}

/** The clients that watch one schedule through this process. */
export interface SeatBroadcast {
  enter(stream: Readable, version: number | undefined): void;
}

/**
 * Sends the changes of the seats of a schedule to every client that watches it here.
 *
 * 1. An event is the difference between two states that the broadcast has read, never a forwarded message. An
 *    announcement may be late, doubled, out of order or missing. This changes only the time at which the broadcast
 *    looks at the seats.
 * 2. Every client in `following` has received `shown`, and all get the same bytes. One look and one event serve all of
 *    them, however many there are.
 * 3. The broadcast brings a new client from the version that it has to `shown`. It uses the log of versions, or sends
 *    every seat if the log does not reach back far enough. One event serves all clients that have the same version.
 *
 * @param emptied called when the last client has left; after that, the broadcast is not used any more
 */
export function openSeatBroadcast(
  { seatMaps, cache, changes, streams }: SeatBroadcastDependencies,
  scheduleId: string,
  emptied: () => void,
): SeatBroadcast {
  const following = new Set<Readable>();
  const arriving = new Map<Readable, number | undefined>();
  let shown: SeatMap | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  let looking = false;
  let askedAgain = false;
  const stopListening = changes.listen(scheduleId, lookSoon);

  function lookSoon(): void {
    askedAgain = true;
    if (!looking) lookIn(lookedAt + PAUSE_MS - Date.now());
  }

  function lookIn(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), ms);
  }

  async function look(): Promise<void> {
    looking = true;
    askedAgain = false;
    lookedAt = Date.now();
    try {
      const map = await seatMaps.find(scheduleId);
      if (map) await show(map);
    } catch {
      // Postgres is down. The broadcast sends nothing, and the next look that succeeds catches up.
    }
    looking = false;
    if (!closeIfEmpty()) lookIn(lookedAt + (askedAgain ? PAUSE_MS : UNANNOUNCED_MS) - Date.now());
  }

  async function show(map: SeatMap): Promise<void> {
    if (shown && shown.version !== map.version) {
      await streams.send(following, seatsEvent(map, changesOf(shown, map)));
    }
    shown = map;
    const every = once(() => everySeat(map));
    for (const [version, group] of groupByVersion(arriving)) {
      if (version !== map.version) await streams.send(group, (await eventSince(version, map)) ?? every());
      for (const stream of group) if (arriving.delete(stream)) following.add(stream);
    }
  }

  /** undefined if the log does not reach back to the version. */
  async function eventSince(version: number | undefined, map: SeatMap): Promise<Buffer | undefined> {
    if (version === undefined) return undefined;
    const missed = await cache.changesBetween(scheduleId, version, map.version);
    return missed ? seatsEvent(map, missed) : undefined;
  }

  function closeIfEmpty(): boolean {
    if (looking || following.size + arriving.size > 0) return false;
    clearTimeout(timer);
    stopListening();
    emptied();
    return true;
  }

  return {
    enter(stream, version) {
      arriving.set(stream, version);
      stream.once('close', () => {
        following.delete(stream);
        arriving.delete(stream);
        closeIfEmpty();
      });
      lookSoon();
    },
  };
}

function groupByVersion(
  arriving: ReadonlyMap<Readable, number | undefined>,
): Map<number | undefined, Readable[]> {
  const groups = new Map<number | undefined, Readable[]>();
  for (const [stream, version] of arriving) {
    const group = groups.get(version);
    if (group) group.push(stream);
    else groups.set(version, [stream]);
  }
  return groups;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
