import type { Place, Room } from '../../redis/queue';
import { lobbyStatus } from './lobbyStatus';
import type { QueueStatus } from './schema';

/** Asking every tenth of the wait is often enough; never more often than this, and well within the silence. */
const POLL_SECONDS = { least: 1, most: 15 };

/** While Redis cannot be asked. */
export const UNKNOWN_STATUS: QueueStatus = {
  status: 'WAITING',
  position: null,
  etaSeconds: null,
  pollAfterSeconds: 5,
  expiresAt: null,
};

export function queueStatus(room: Room, place: Place): QueueStatus {
  if (place.state === 'ENDED') return UNKNOWN_STATUS;
  if (place.state === 'LOBBY') return room.draw ? lobbyStatus(room.draw, place.placeId) : UNKNOWN_STATUS;
  if (place.state === 'ACTIVE') {
    return {
      status: 'ACTIVE',
      position: 0,
      etaSeconds: 0,
      pollAfterSeconds: POLL_SECONDS.most,
      expiresAt: place.expiresAt.toISOString(),
    };
  }
  const etaSeconds = Math.ceil(place.position / placesPerSecond(room));
  const pollAfterSeconds = Math.min(
    POLL_SECONDS.most,
    Math.max(POLL_SECONDS.least, Math.ceil(etaSeconds / 10)),
  );
  return { status: 'WAITING', position: place.position, etaSeconds, pollAfterSeconds, expiresAt: null };
}

/** A full room frees a place as often as its places end; the room's rate may be lower. */
function placesPerSecond({ maxActive, activeSeconds, admitPerSecond }: Room): number {
  return Math.min(maxActive / activeSeconds, admitPerSecond ?? Infinity);
}
