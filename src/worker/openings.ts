import type { Client } from '@temporalio/client';
import type { Logger } from '../config/logging';
import type { DrawStore } from '../db/openings/drawStore';
import { planOpening } from '../temporal/openings/planOpening';

/**
 * Makes sure that every sale that is still to open has its Temporal Schedule. It may be missing if an earlier version
 * announced the sale, or if Temporal has lost its data since. Never rejects: a worker that cannot do this still sells
 * seats, and writes a warning to the log.
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
