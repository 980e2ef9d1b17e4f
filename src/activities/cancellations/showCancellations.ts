import { inTransaction } from '../../db/stores';
import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { OpenRequest } from '../../db/cancellations/cancellationRequestStore';
import { createShowCancellationStore } from '../../db/cancellations/showCancellationStore';
import { PermanentError } from '../../domain/permanentError';
import {
  isRefunded,
  type ShowCancellationSettings,
  type ShowCounts,
} from '../../domain/cancellations/showCancellation';
import { OPEN_STATUSES } from '../../domain/reservations/reservationStates';
import { startCancellation } from '../../temporal/cancellations/startCancellation';
import { reservationWorkflowId } from '../../contract/reservations';
import type { ActivityDependencies } from '../dependencies';

/** A page of a walk through the reservations of a show. */
export interface ShowPage {
  scheduleId: string;
  /** The last reservation of the page before; null for the first page. */
  after: string | null;
}

/** The settings that applied to the page. If they say that the refunds are paused, nothing was done. */
export interface SeenPage extends ShowCancellationSettings {
  /** The last reservation of this page, which the next page follows; null if this was the last page. */
  last: string | null;
  reservations: number;
}

/** A page of holds may be large, because the end of a hold needs no call to the gateway. */
const HOLDS_A_PAGE = 100;

export function createShowCancellationActivities({ db }: ActivityDependencies) {
  return {
    /** Whether the cancellation of this show is recorded. Without a record, nothing is refunded. */
    async isShowCancelled(scheduleId: string): Promise<boolean> {
      return (await createShowCancellationStore(db).find(scheduleId)) !== null;
    },

    /**
     * Asks the workflows of a page of open reservations to end: an unpaid hold ends at once, a payment under way
     * finishes first. If asked again, they do nothing more.
     */
    async releaseOpenHolds({ scheduleId, after }: ShowPage): Promise<SeenPage> {
      const shows = createShowCancellationStore(db);
      const settings = await settingsOf(shows, scheduleId);
      if (settings.paused) return nothingSeen(settings);
      const ids = await shows.page({
        scheduleId,
        statuses: OPEN_STATUSES,
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
     * Records a request of the organiser for each sold reservation of a page, and starts the workflows. Each
     * reservation has this request only once, however often and however late this runs. Once a pause is committed, this
     * records no request.
     *
     * @throws if one workflow could not be started; the caller then handles the whole page again
     */
    async startCancellations({ scheduleId, after }: ShowPage): Promise<SeenPage> {
      const { page, requests } = await inTransaction(db, async (stores) => {
        const shows = stores.showCancellations;
        const settings = await settingsOf(shows, scheduleId);
        if (settings.paused) return { page: nothingSeen(settings), requests: [] };
        const limit = settings.refundsPerSecond;
        const ids = await shows.page({ scheduleId, statuses: ['CONFIRMED'], after, limit });
        const recorded = await stores.cancellationRequests.requestAll(ids);
        return { page: seen(ids, limit, settings), requests: recorded };
      });
      await Promise.all(requests.map(start));
      return page;
    },

    /**
     * Counts the progress of the refunds of a show. If nothing is left to do, and nothing can come any more, it records
     * the end.
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

/** Reads the settings. If there is a transaction, they stay as they are until it ends. */
async function settingsOf(
  shows: ReturnType<typeof createShowCancellationStore>,
  scheduleId: string,
): Promise<ShowCancellationSettings> {
  const settings = await shows.lockSettings(scheduleId);
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

/** The workflow has ended since the page was read, and Postgres has its outcome. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
