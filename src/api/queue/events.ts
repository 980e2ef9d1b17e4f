import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/problems';
import type { ServerEvent } from '../http/eventStream';
import type { AdmissionService, TokenHolder } from './admission';
import type { QueueStatus } from './schema';

/** A stream shows movement soon, but does not ask Redis for every listener all the time. */
const MOST_SECONDS = 2;

/**
 * The events of one place. `position` comes at once, and whenever the position or the supply changes. If every seat is
 * sold, `sold-out` comes instead. The last event is `admitted` or `expired`, which ends the stream. A sold-out place
 * stays in line, because cancelled seats may come back.
 *
 * @param first the present state of the place. The caller asks for it before the stream opens, so that a bad token gets
 *   a problem document and not a stream
 */
export async function* queueEvents(
  admission: Pick<AdmissionService, 'status'>,
  holder: TokenHolder,
  first: QueueStatus,
  closed: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let queue = first;
  let shown: Partial<QueueStatus> = {};
  while (queue.status === 'WAITING') {
    const { position, supply, pollAfterSeconds, opensAt } = queue;
    const soldOut = supply === 'SOLD_OUT';
    if (supply !== shown.supply || (position !== shown.position && !soldOut)) {
      yield { event: soldOut ? 'sold-out' : 'position', data: { queue } };
    }
    shown = queue;
    // Nothing moves in the lobby. Its listeners look again after the opening, each at an instant of its own.
    const isSlow = soldOut || opensAt !== undefined;
    const seconds = isSlow ? pollAfterSeconds : Math.min(MOST_SECONDS, pollAfterSeconds);
    const next = await look(admission, holder, seconds, closed);
    if (next === 'expired') {
      yield { event: 'expired', data: {} };
      return;
    }
    queue = next;
  }
  yield { event: 'admitted', data: { queue } };
}

async function look(
  admission: Pick<AdmissionService, 'status'>,
  holder: TokenHolder,
  afterSeconds: number,
  closed: AbortSignal,
): Promise<QueueStatus | 'expired'> {
  await sleep(afterSeconds * 1_000, undefined, { signal: closed });
  try {
    return await admission.status(holder);
  } catch (error) {
    if (error instanceof Problem && error.slug === 'queue-token-expired') return 'expired';
    throw error;
  }
}
