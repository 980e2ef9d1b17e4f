import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { createShowCancellationStore, type ReservationPage } from '../db/showCancellationStore';
import { PermanentError } from '../domain/permanentError';
import type { ShowCancellationSettings, ShowCounts } from '../domain/showCancellation';
import {
  CANCELLATION_WORKFLOW,
  cancellationWorkflowId,
  reservationWorkflowId,
  type CancellationInput,
  type ShowCancellationInput,
} from '../workflows/messages';
import type { cancellation } from '../workflows';
import type { ActivityDependencies } from './dependencies';

export interface CloseShowInput extends Pick<ShowCancellationInput, 'scheduleId' | 'reason'> {
  settings: ShowCancellationSettings;
  /** Milliseconds since 1970. */
  closedAt: number;
}

export type ShowPage = Omit<ReservationPage, 'statuses'>;

export interface SeenPage {
  /** What the next page follows on; null where this was the last. */
  last: string | null;
  reservations: number;
}

export function createShowCancellationActivities({ db }: ActivityDependencies) {
  const shows = createShowCancellationStore(db);
  return {
    /**
     * Closes the sale of a show for good, in one transaction. Run again, it changes nothing.
     *
     * @returns the settings that are recorded: those of the first time
     */
    async closeShow(input: CloseShowInput): Promise<ShowCancellationSettings> {
      const { scheduleId, reason, settings, closedAt } = input;
      return db.transaction(async (transaction) => {
        const store = createShowCancellationStore(transaction);
        await store.open({ scheduleId, reason, startedAt: new Date(closedAt), ...settings });
        const recorded = await store.find(scheduleId);
        if (!recorded) throw new PermanentError(`there is no schedule ${scheduleId}`);
        const { paused, refundsPerSecond } = recorded;
        return { paused, refundsPerSecond };
      });
    },

    async saveShowSettings(scheduleId: string, settings: ShowCancellationSettings): Promise<void> {
      await shows.saveSettings(scheduleId, settings);
    },

    /**
     * Asks the workflows of a page of open reservations to give up: an unpaid hold ends at once, a payment under
     * way is finished first. Asked again, they do nothing more.
     */
    async releaseOpenHolds(page: ShowPage): Promise<SeenPage> {
      return see({ ...page, statuses: ['HELD', 'PAYING', 'SETTLING'] }, async (reservationId) => {
        const handle = getClient().workflow.getHandle(reservationWorkflowId(reservationId));
        await handle.cancel().catch(ignoreEnded);
      });
    },

    /**
     * Starts the cancellation of every reservation of a page that is sold. One that runs, whoever started it, is
     * left alone; one that was refused before, as a customer's who came too late, is started anew.
     */
    async startCancellations(page: ShowPage): Promise<SeenPage> {
      return see({ ...page, statuses: ['CONFIRMED'] }, async (reservationId) => {
        const input: CancellationInput = { reservationId, cause: 'ORGANISER' };
        await getClient().workflow.start<typeof cancellation>(CANCELLATION_WORKFLOW, {
          workflowId: cancellationWorkflowId(reservationId),
          taskQueue: activityInfo().taskQueue,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary: 'The show was cancelled',
        });
      });
    },

    async countShow(scheduleId: string): Promise<ShowCounts> {
      return (await shows.progress(scheduleId)).counts;
    },

    /** @param finishedAt milliseconds since 1970 */
    async finishShow(scheduleId: string, finishedAt: number): Promise<void> {
      await shows.finish(scheduleId, new Date(finishedAt));
    },
  };

  /** @throws where one of the page failed: the whole page is then seen to again */
  async function see(
    page: ReservationPage,
    work: (reservationId: string) => Promise<void>,
  ): Promise<SeenPage> {
    const ids = await shows.page(page);
    await Promise.all(ids.map(work));
    return { last: ids.length === page.limit ? (ids.at(-1) ?? null) : null, reservations: ids.length };
  }
}

/** It has ended since the page was read, and Postgres says how. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
