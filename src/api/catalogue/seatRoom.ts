import type { Readable } from 'node:stream';
import type { SeatChanges } from '../../redis/catalogue/seatChanges';
import type { SeatMapCache } from '../../redis/catalogue/seatMapCache';
import type { EventStreams } from '../http/eventStream';
import { changesOf, everySeat, seatsEvent } from './seatEvents';
import type { SeatMap } from './seatMapBody';
import type { SeatMaps } from './seatMaps';

/** Changes within this time become one event: no eye needs more, and each event goes to thousands. */
const PAUSE_MS = 250;

/** Until the next look where nothing was announced; with the age of statuses it stays below a second. */
const UNANNOUNCED_MS = 500;

export interface SeatRoomDependencies {
  seatMaps: SeatMaps;
  cache: Pick<SeatMapCache, 'changesBetween'>;
  changes: SeatChanges;
  streams: Pick<EventStreams, 'send'>;
}

/** Those who watch one schedule on this process. */
export interface SeatRoom {
  enter(stream: Readable, version: number | undefined): void;
}

/**
 * Tells the changes of a schedule's seats to everyone who watches it here.
 *
 * 1. An event is the difference between two states that were seen, never a message that was passed on. What is
 *    announced late, twice, in another order or not at all changes when seats are looked at, and nothing else.
 * 2. Everyone in `following` has been told `shown`, and gets the same bytes: one look and one event, however
 *    many they are.
 * 3. Who arrives is brought from the version that it has to `shown`: by the log of versions, or by every seat
 *    where that does not reach back. One event for all who have the same version.
 *
 * @param emptied called when the last one has left; the room is not used any more then
 */
export function openSeatRoom(
  { seatMaps, cache, changes, streams }: SeatRoomDependencies,
  scheduleId: string,
  emptied: () => void,
): SeatRoom {
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
      // Postgres is down: nothing is told, and the look that succeeds catches up.
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

  /** undefined where the log does not reach back to the version. */
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
