import type { RoomDraw } from '../../redis/queue/lobby';
import type { QueueStatus } from './schema';

/** In the lobby nothing happens before the opening; asking this often shows a change of plans all the same. */
const LONGEST_SECONDS = 300;

/**
 * After the opening the crowd asks within so many seconds, each at an instant of its own; well within the silence
 * that ends a place.
 */
const SPREAD_SECONDS = 15;

/** The draw itself takes seconds. */
const DRAWING_SECONDS = 2;

/** How an entry of the lobby is told: without a position, which only the draw gives. */
export function lobbyStatus(draw: RoomDraw, entryId: string, now: number = Date.now()): QueueStatus {
  const left = (draw.opensAt.getTime() - now) / 1_000;
  const least = left > 0 ? Math.min(left, LONGEST_SECONDS) : DRAWING_SECONDS;
  return {
    status: 'WAITING',
    position: null,
    etaSeconds: null,
    pollAfterSeconds: Math.ceil(least + Math.random() * SPREAD_SECONDS),
    expiresAt: null,
    opensAt: draw.opensAt.toISOString(),
    entryId,
  };
}
