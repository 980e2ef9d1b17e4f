import type { Place, Room } from '../../redis/queue/queue';
import { lobbyStatus } from './lobbyStatus';
import type { QueueStatus } from './schema';

/** Nothing changes for an admitted client except the end, which `expiresAt` shows. */
const ADMITTED_POLL_SECONDS = 30;

/** The status while Redis cannot be asked. */
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
      pollAfterSeconds: ADMITTED_POLL_SECONDS,
      expiresAt: place.expiresAt.toISOString(),
    };
  }
  const { position, etaSeconds, pollAfterSeconds, supply } = place;
  return {
    status: 'WAITING',
    position,
    etaSeconds,
    pollAfterSeconds,
    ...(supply && { supply }),
    expiresAt: null,
  };
}
