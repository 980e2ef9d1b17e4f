import { Client, Connection } from '@temporalio/client';
import { createLogger } from '../config/logging';
import { loadSettings } from '../config/settings';
import { temporalConnectionOptions } from '../config/temporalConnection';
import { deploymentNameOf, makeCurrent, openRuns, seeVersions } from '../temporal/workerVersions';
import { readBuildId } from './buildId';
import { ensureTemporalSchedules } from './temporalSchedules';

const TIMEOUT_MS = 30_000;

/**
 * `node dist/src/worker/makeCurrent.js`, with the worker's environment, makes the version of this build the current
 * one. It also updates the schedules to what this version needs. It reports how many runs are still bound to each
 * version; a version without any can be stopped. Safe to repeat.
 */
async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  const logger = createLogger('make-current', settings.LOG_LEVEL);
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const version = { deploymentName: deploymentNameOf(taskQueue), buildId: readBuildId() };
  const connection = await Connection.connect(temporalConnectionOptions(settings));
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  try {
    await client.withDeadline(Date.now() + TIMEOUT_MS, async () => {
      await makeCurrent(client, version, null);
      logger.info(version, 'this version is current');
      await ensureTemporalSchedules(client, { taskQueue, logger });
      const { builds } = await seeVersions(client, version.deploymentName);
      for (const buildId of builds) {
        const open = await openRuns(client, taskQueue, buildId);
        logger.info({ buildId, open }, 'open runs that are bound to this version');
      }
    });
  } finally {
    await connection.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
