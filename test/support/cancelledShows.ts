import type { WorkflowHandle } from '@temporalio/client';
import { createShowCancellationWorkflows } from '../../src/api/admin/showCancellation/workflows';
import { createShowCancellationStore } from '../../src/db/showCancellationStore';
import type { ShowCancellationSettings } from '../../src/domain/showCancellation';
import { showCancellationWorkflowId, type ShowAdjustment } from '../../src/workflows/messages';
import type { showCancellation } from '../../src/workflows';
import type { Stage } from './stage';

/** What an operator does to shows, and sees of them. */
export type CancelledShows = ReturnType<typeof cancelledShows>;

export function cancelledShows({ database, temporal }: Pick<Stage, 'database' | 'temporal'>) {
  const { env, taskQueue } = temporal;
  const workflows = createShowCancellationWorkflows(env.client, { taskQueue });
  const store = createShowCancellationStore(database.db);
  const handle = (scheduleId: string): WorkflowHandle<typeof showCancellation> =>
    env.client.workflow.getHandle(showCancellationWorkflowId(scheduleId));
  return {
    ...store,
    handle,
    /** Resolves once the sale is closed. */
    async cancel(scheduleId: string, settings: Partial<ShowCancellationSettings> = {}) {
      const reason = 'The singer is ill';
      await workflows.begin({ scheduleId, reason, paused: false, refundsPerSecond: 10, ...settings });
      return handle(scheduleId);
    },
    async adjust(scheduleId: string, change: ShowAdjustment): Promise<void> {
      if (!(await workflows.adjust(scheduleId, change))) throw new Error('no workflow runs');
    },
    /** @returns false where no workflow runs any more */
    tryToAdjust: async (scheduleId: string, change: ShowAdjustment) => workflows.adjust(scheduleId, change),
  };
}
