import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { ActivityDependencies } from '../../src/activities/dependencies';
import {
  createReservationWorkflows,
  type ReservationWorkflows,
} from '../../src/api/reservations/reservationWorkflows';
import { workerOptions } from '../../src/worker/options';
import type { reservation } from '../../src/workflows';
import { reservationWorkflowId } from '../../src/workflows/messages';
import { RESERVATION_STATUS, SCHEDULE_ID, USER_ID } from '../../src/workflows/searchAttributes';
import { testEnvironment } from './environment';
import { replaceableActivities, type ReplaceActivity } from './replaceableActivities';

/** IndexedValueType of the API: a keyword. */
const KEYWORD = 2;
const NAMESPACE = 'default';

/** A Temporal with a worker that runs the real workflows and activities. */
export interface WorkflowHarness {
  env: TestWorkflowEnvironment;
  taskQueue: string;
  /** The API's own client. */
  reservations: ReservationWorkflows;
  handle(reservationId: string): ReturnType<typeof handleOf>;
  /** Puts another activity in the place of the real one, until `restoreActivities`. */
  replaceActivity: ReplaceActivity;
  restoreActivities(): void;
  /** Lets the workflows' clock reach an instant, which skips to it where time can be skipped. */
  sleepUntil(time: number): Promise<void>;
  /** A task queue nobody polls, as when every worker is down, and back. */
  stopWorker(): Promise<void>;
  startWorker(): Promise<void>;
  stop(): Promise<void>;
}

/** @param time `skipped`: the time-skipping server, a new one; `real`: the run's own Temporal */
export async function startWorkflowHarness(
  dependencies: ActivityDependencies,
  time: 'skipped' | 'real' = 'skipped',
): Promise<WorkflowHarness> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
  const env = await (time === 'skipped' ? startTimeSkipping() : connectToTemporal());
  const taskQueue = `test-${randomUUID()}`;
  const options = workerOptions(
    {
      connection: env.nativeConnection,
      namespace: NAMESPACE,
      taskQueue,
      workflowBundle: { codePath: testEnvironment('TEST_WORKFLOW_BUNDLE') },
    },
    dependencies,
  );
  const { activities, replace, restore } = replaceableActivities(dependencies);
  // Tests leave workflows waiting on purpose; there is nothing to drain when they end.
  const start = async () => {
    const worker = await Worker.create({ ...options, activities, shutdownGraceTime: 0 });
    return { worker, running: worker.run() };
  };
  let current: Awaited<ReturnType<typeof start>> | null = await start();
  const stopWorker = async () => {
    current?.worker.shutdown();
    await current?.running;
    current = null;
  };
  return {
    env,
    taskQueue,
    reservations: createReservationWorkflows(env.client, { taskQueue, logger: dependencies.logger }),
    handle: (reservationId) => handleOf(env, reservationId),
    replaceActivity: replace,
    restoreActivities: restore,
    async sleepUntil(instant) {
      const left = instant - (await env.currentTimeMs());
      if (left > 0) await env.sleep(left);
    },
    stopWorker,
    async startWorker() {
      current = await start();
    },
    async stop() {
      await stopWorker();
      await env.teardown();
    },
  };
}

function handleOf(env: TestWorkflowEnvironment, reservationId: string) {
  return env.client.workflow.getHandle<typeof reservation>(reservationWorkflowId(reservationId));
}

async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testEnvironment('TEST_TIME_SKIPPING_SERVER') } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: NAMESPACE,
    searchAttributes: Object.fromEntries(
      [RESERVATION_STATUS, SCHEDULE_ID, USER_ID].map((key) => [key.name, KEYWORD]),
    ),
  });
  return env;
}

function connectToTemporal(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createFromExistingServer({
    address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
    namespace: NAMESPACE,
  });
}
