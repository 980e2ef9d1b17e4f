import type { Place, Room } from '../../redis/queue';
import { lobbyStatus } from './lobbyStatus';
import type { QueueStatus } from './schema';

/**
 * Asking every tenth of the wait is often enough, so that the front of the line is quick and a long line cheap.
 * Half of the silence at the most: one question may be lost.
 */
const POLL_SECONDS = { least: 1, most: 30 };

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
  const { position, etaSeconds, supply } = place;
  // Where nobody can tell the wait, as if ten were let in a second; there is no hurry where all is sold.
  const tenth = (etaSeconds ?? position / 10) / 10;
  const pollAfterSeconds =
    supply === 'SOLD_OUT'
      ? POLL_SECONDS.most
      : Math.min(POLL_SECONDS.most, Math.max(POLL_SECONDS.least, Math.ceil(tenth)));
  return {
    status: 'WAITING',
    position,
    etaSeconds,
    pollAfterSeconds,
    ...(supply && { supply }),
    expiresAt: null,
  };
}
