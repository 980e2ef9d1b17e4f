import type { Client } from '@temporalio/client';
import type { Logger } from '../config/logging';
import type { DrawStore } from '../db/openings/drawStore';
import { planOpening } from '../temporal/openings/planOpening';

/**
 * Sees to it that every sale that is still to open has its Temporal Schedule: those that were announced by an
 * earlier version, or whose Temporal has lost its data since. Never rejects: a worker that cannot do it sells
 * seats all the same, and says so in the log.
 */
export async function ensureOpenings(
  client: Client,
  draws: Pick<DrawStore, 'toOpen'>,
  { taskQueue, logger }: { taskQueue: string; logger: Logger },
): Promise<void> {
  try {
    for (const opening of await draws.toOpen()) await planOpening(client, taskQueue, opening);
  } catch (err) {
    logger.warn({ err }, 'openings of sales could not be planned');
  }
}
