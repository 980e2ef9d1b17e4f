import type { WorkflowHandle } from '@temporalio/client';
import {
  createShowCancellationStore,
  type SettingsChange,
} from '../../src/db/cancellations/showCancellationStore';
import { signalShowCancellation } from '../../src/temporal/cancellations/startShowCancellation';
import { showCancellationWorkflowId } from '../../src/contract/cancellations';
import type { showCancellation } from '../../src/workflows';
import type { Testbed } from './testbed';

/** What an operator does to cancelled shows, in the same way as the API, and what an operator sees of them. */
export type CancelledShows = ReturnType<typeof cancelledShows>;

export function cancelledShows({ database, temporal }: Pick<Testbed, 'database' | 'temporal'>) {
  const { env, taskQueue } = temporal;
  const store = createShowCancellationStore(database.db);
  const handle = (scheduleId: string): WorkflowHandle<typeof showCancellation> =>
    env.client.workflow.getHandle(showCancellationWorkflowId(scheduleId));
  const signalWorkflow = async (scheduleId: string) =>
    signalShowCancellation(env.client, taskQueue, scheduleId);
  const record = async (scheduleId: string, { paused, refundsPerSecond = 10 }: SettingsChange = {}) => {
    const reason = 'The singer is ill';
    await database.db.transaction(async (transaction) => {
      const shows = createShowCancellationStore(transaction);
      await shows.open({ scheduleId, reason, refundsPerSecond });
      await shows.adjust(scheduleId, { paused });
    });
  };
  /** @returns false if every customer has been refunded */
  const tryToAdjust = async (scheduleId: string, change: SettingsChange): Promise<boolean> => {
    const adjusted = await store.adjust(scheduleId, change);
    if (adjusted) await signalWorkflow(scheduleId);
    return adjusted;
  };
  return {
    ...store,
    handle,
    /** Closes the sale without a message to a workflow. */
    record,
    async cancel(scheduleId: string, settings?: SettingsChange) {
      await record(scheduleId, settings);
      await signalWorkflow(scheduleId);
      return handle(scheduleId);
    },
    async adjust(scheduleId: string, change: SettingsChange): Promise<void> {
      if (!(await tryToAdjust(scheduleId, change))) throw new Error('everybody has been refunded');
    },
    tryToAdjust,
  };
}
