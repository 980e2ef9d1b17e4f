import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  createCancellationRequestStore,
  type OpenRequest,
} from '../../db/cancellations/cancellationRequestStore';
import { createShowCancellationStore } from '../../db/cancellations/showCancellationStore';
import { PermanentError } from '../../domain/permanentError';
import {
  isRefunded,
  type ShowCancellationSettings,
  type ShowCounts,
} from '../../domain/cancellations/showCancellation';
import { startCancellation } from '../../temporal/cancellations/startCancellation';
import { reservationWorkflowId } from '../../contract/reservations';
import type { ActivityDependencies } from '../dependencies';

/** A page of a walk through the reservations of a show. */
export interface ShowPage {
  scheduleId: string;
  /** The last reservation of the page before; null for the first page. */
  after: string | null;
}

/** The settings are those by which the page was seen to; while it is paused, nothing was done. */
export interface SeenPage extends ShowCancellationSettings {
  /** What the next page follows on; null where this was the last. */
  last: string | null;
  reservations: number;
}

/** To end a hold asks nothing of the gateway. */
const HOLDS_A_PAGE = 100;

export function createShowCancellationActivities({ db }: ActivityDependencies) {
  return {
    /** Whether the cancellation of this show is recorded: without that, nobody is refunded. */
    async isShowCancelled(scheduleId: string): Promise<boolean> {
      return (await createShowCancellationStore(db).find(scheduleId)) !== null;
    },

    /**
     * Asks the workflows of a page of open reservations to give up: an unpaid hold ends at once, a payment under
     * way is finished first. Asked again, they do nothing more.
     */
    async releaseOpenHolds({ scheduleId, after }: ShowPage): Promise<SeenPage> {
      const shows = createShowCancellationStore(db);
      const settings = await settingsOf(shows, scheduleId);
      if (settings.paused) return nothingSeen(settings);
      const ids = await shows.page({
        scheduleId,
        statuses: ['HELD', 'PAYING', 'SETTLING'],
        after,
        limit: HOLDS_A_PAGE,
      });
      await Promise.all(
        ids.map(async (reservationId) => {
          const handle = getClient().workflow.getHandle(reservationWorkflowId(reservationId));
          await handle.cancel().catch(ignoreEnded);
        }),
      );
      return seen(ids, HOLDS_A_PAGE, settings);
    },

    /**
     * Records a request of the organiser's for each sold reservation of a page, and starts their workflows. A request is
     * there once for each reservation, however often and however late this runs; once a pause is committed, none is
     * recorded any more.
     *
     * @throws where one workflow could not be started: the whole page is then seen to again
     */
    async startCancellations({ scheduleId, after }: ShowPage): Promise<SeenPage> {
      const { page, requests } = await db.transaction(async (transaction) => {
        const shows = createShowCancellationStore(transaction);
        const settings = await settingsOf(shows, scheduleId);
        if (settings.paused) return { page: nothingSeen(settings), requests: [] };
        const limit = settings.refundsPerSecond;
        const ids = await shows.page({ scheduleId, statuses: ['CONFIRMED'], after, limit });
        const recorded = await createCancellationRequestStore(transaction).requestAll(ids);
        return { page: seen(ids, limit, settings), requests: recorded };
      });
      await Promise.all(requests.map(start));
      return page;
    },

    /**
     * Counts how far the refunds of a show are. Where nothing is left to do, and nothing can come any more, its end is
     * recorded.
     */
    async finishShow(scheduleId: string): Promise<ShowCounts> {
      const shows = createShowCancellationStore(db);
      const { counts } = await shows.progress(scheduleId);
      if (isRefunded(counts)) await shows.finish(scheduleId);
      return counts;
    },
  };
}

async function start(request: OpenRequest): Promise<void> {
  await startCancellation(getClient(), activityInfo().taskQueue, request, 'The show was cancelled');
}

/** Keeps the settings as they are until the transaction ends, if there is one. */
async function settingsOf(
  shows: ReturnType<typeof createShowCancellationStore>,
  scheduleId: string,
): Promise<ShowCancellationSettings> {
  const settings = await shows.keepSettings(scheduleId);
  if (!settings) throw new PermanentError(`the show ${scheduleId} is not cancelled`);
  return settings;
}

function seen(ids: readonly string[], limit: number, settings: ShowCancellationSettings): SeenPage {
  const last = ids.length === limit ? (ids.at(-1) ?? null) : null;
  return { ...settings, last, reservations: ids.length };
}

function nothingSeen(settings: ShowCancellationSettings): SeenPage {
  return { ...settings, last: null, reservations: 0 };
}

/** It has ended since the page was read, and Postgres says how. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
