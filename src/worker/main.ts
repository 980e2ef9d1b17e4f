import { makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { createLogger, type Logger } from '../config/logging';
import { lineAbout, misspeltIn } from '../config/misspelt';
import { loadSettings, SettingsError } from '../config/settings';
import { createDrawStore } from '../db/openings/drawStore';
import { countUnfinished } from '../db/payments/gatewayWork';
import { readReconciliation } from '../db/reconciliation/reconciliationOverview';
import { BUNDLE_PATH } from './bundle';
import { connectWorker } from './connect';
import { serveHealth } from './health';
import { reportMissingKeys } from './missingKeys';
import { ensureOpenings } from './openings';
import { workerOptions } from './options';
import { ensureTemporalSchedules } from './temporalSchedules';
import { takeOver } from './takeOver';
import { temporalLogger } from './temporalLogger';
import { watchThreads, withLeanThreads } from './workflowThreads/leanThreads';

async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  const logger = createLogger('worker', settings.LOG_LEVEL);
  for (const misspelt of misspeltIn(process.env)) logger.warn(lineAbout(misspelt));
  // Temporal's runtime drains the worker on SIGINT and SIGTERM; `run` then returns.
  Runtime.install({
    logger: temporalLogger(logger),
    // The log lines of Temporal's native core go through the same logger.
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
    shutdownSignals: ['SIGINT', 'SIGTERM'],
  });
  const connections = await connectWorker(settings, logger);
  const createWorker = async (): Promise<Worker> =>
    Worker.create(
      workerOptions(
        {
          connection: connections.temporal,
          namespace: settings.TEMPORAL_NAMESPACE,
          taskQueue: settings.TEMPORAL_TASK_QUEUE,
          workflowBundle: { codePath: BUNDLE_PATH },
          version: connections.version,
        },
        connections.dependencies,
      ),
    );
  const { worker, threads } =
    settings.WORKFLOW_THREADS === 'lean'
      ? await withLeanThreads(createWorker)
      : { worker: await createWorker(), threads: [] };
  const { client, version, db, gateways, strandedMetric, permanentFailureMetric } = connections;
  let isReady = !version;
  const ready = (): void => void (isReady = true);
  const health = serveHealth(
    { getState: () => worker.getState(), isReady: () => isReady },
    {
      readReconciliation: async () =>
        readReconciliation(
          db,
          gateways.all.map(({ name }) => name),
        ),
      countUnfinished: async () => countUnfinished(db),
      gateways,
      strandedMetric,
      permanentFailureMetric,
    },
    settings,
  );
  const { TEMPORAL_TASK_QUEUE: taskQueue, WORKER_ROLLOUT: rollout } = settings;
  logger.info({ taskQueue, buildId: version?.buildId }, 'worker polls');
  const byTheClock = { taskQueue, logger };
  const stopped = new AbortController();
  /**
   * The current version decides what runs periodically. An old worker that is restarted leaves the schedules as they
   * are.
   */
  const keepTemporalSchedules = async (): Promise<void> => {
    const { signal } = stopped;
    const isCurrent =
      !version || (await takeOver(client, { taskQueue, version, rollout, logger, ready, signal }));
    if (isCurrent) await ensureTemporalSchedules(client, byTheClock);
  };
  await Promise.all([
    worker.run().finally(() => stopped.abort()),
    watchThreads(threads, stopped.signal),
    keepTemporalSchedules(),
    ensureOpenings(client, createDrawStore(db), byTheClock),
    reportMissingKeys(db, gateways, logger),
  ]);
  health.close();
  await connections.close();
  logger.info('worker stopped');
}

main().catch((error: unknown) => {
  const logger: Logger = createLogger('worker', 'info');
  if (error instanceof SettingsError) logger.fatal(error.message);
  else logger.fatal({ err: error }, 'worker failed');
  // Open connections and the health server would keep alive a process that does no more work.
  logger.flush(() => process.exit(1));
});
