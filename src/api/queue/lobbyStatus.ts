import type { RoomDraw } from '../../redis/queue/lobby';
import type { QueueStatus } from './schema';

/** Nothing happens in the lobby before the opening. A client that asks this often still sees a change of plans. */
const LONGEST_SECONDS = 300;

/**
 * After the opening the crowd asks within this many seconds, each client at an instant of its own. This is well within
 * the silence that ends a place.
 */
const SPREAD_SECONDS = 15;

/** The draw itself takes seconds. */
const DRAWING_SECONDS = 2;

/** The status of an entry in the lobby. It has no position, because only the draw gives one. */
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
