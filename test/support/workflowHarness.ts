import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Knex } from 'knex';
import { Worker } from '@temporalio/worker';
import { handleAll, retry } from 'cockatiel';
import { createCancellationWorkflows } from '../../src/api/cancellations/cancellationWorkflows';
import {
  createReservationWorkflows,
  type ReservationWorkflows,
} from '../../src/api/reservations/reservationWorkflows';
import { workerOptions } from '../../src/worker/options';
import type { cancellation, reservation } from '../../src/workflows';
import { createPaymentStore } from '../../src/db/payments/paymentStore';
import type { HeldReservation } from '../../src/domain/reservations/hold';
import { cancellationWorkflowId } from '../../src/contract/cancellations';
import { reservationWorkflowId, type PayResult } from '../../src/contract/reservations';
import { SEARCH_ATTRIBUTES } from '../../src/contract/searchAttributes';
import { testEnvironment } from './environment';
import type { RequestedAttempt, RequestedHold } from './factories';
import { anAttemptToHold, createHolding } from './holding';
import { installQuietTemporal } from './quietTemporal';
import { replaceableActivities, type ReplaceActivity } from './replaceableActivities';
import { installServiceClock } from './serviceClock';
import type { Fixture } from './fixture';

/** The keyword type of IndexedValueType in the API. */
const KEYWORD = 2;
const { PENDING_ACTIVITY_STATE_SCHEDULED: SCHEDULED } = temporal.api.enums.v1.PendingActivityState;
const NAMESPACE = 'default';

const SKIP_MS = 1_000;
const SKIP_EVERY_MS = 20;

/** A Temporal with a worker that runs the real workflows and activities. */
export interface WorkflowHarness {
  env: TestWorkflowEnvironment;
  taskQueue: string;
  /** The API's own client. `pay` first records the payment, as the API does. */
  reservations: Omit<ReservationWorkflows, 'pay'> & {
    pay(reservationId: string, attempt: RequestedAttempt): Promise<PayResult | null>;
  };
  /** Lets a recorded cancellation be decided, as the API does. */
  decide(cancellationId: string): Promise<void>;
  /** Starts the workflow and grants the hold, as the API does after it has claimed the seats. */
  hold(request: RequestedHold): Promise<HeldReservation>;
  cancellation(cancellationId: string): WorkflowHandle<typeof cancellation>;
  handle(reservationId: string): ReturnType<typeof handleOf>;
  /** Replaces the real activity with another one, until `restoreActivities`. */
  replaceActivity: ReplaceActivity;
  restoreActivities(): void;
  /** Waits until the workflows' clock reaches an instant. If time can be skipped, the clock skips to it. */
  sleepUntil(time: number): Promise<void>;
  /**
   * Skips time while the work runs, each time the workflow waits. By default, that is the workflow of the
   * reservation. To await an update does not skip time automatically.
   */
  whileTimePasses<Result>(reservationId: string, work: Promise<Result>, workflowId?: string): Promise<Result>;
  /** Sets Postgres's clock to the clock of the machine, until the next activity. */
  useRealClock(): Promise<void>;
  /** Leaves the task queue without a poller, as when every worker is down; `startWorker` ends that. */
  stopWorker(): Promise<void>;
  startWorker(): Promise<void>;
  stop(): Promise<void>;
}

/** @param time `skipped`: a new time-skipping server; `real`: the Temporal of the run */
export async function startWorkflowHarness(
  fixture: Fixture,
  time: 'skipped' | 'real' = 'skipped',
): Promise<WorkflowHarness> {
  installQuietTemporal();
  const { dependencies } = fixture;
  const env = await (time === 'skipped' ? startTimeSkipping() : connectToTemporal());
  const clock = time === 'skipped' ? await installServiceClock(fixture.database.owner) : null;
  const setClock = async () => clock?.set(async () => env.currentTimeMs());
  const taskQueue = `test-${randomUUID()}`;
  const options = workerOptions(
    {
      connection: env.nativeConnection,
      namespace: NAMESPACE,
      taskQueue,
      workflowBundle: { codePath: testEnvironment('TEST_WORKFLOW_BUNDLE') },
      version: null,
    },
    dependencies,
  );
  const { activities, replace, restore } = replaceableActivities(dependencies, setClock);
  // Tests leave waiting workflows on purpose, so there is nothing to drain at their end.
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
  const reservationsOf = (settleSeconds: number) =>
    createReservationWorkflows(env.client, { taskQueue, settleSeconds, logger: dependencies.logger });
  const reservations = reservationsOf(60);
  return {
    env,
    taskQueue,
    reservations: {
      ...reservations,
      async pay(reservationId, { paymentId, amount, paymentKey = null }) {
        await setClock();
        const payments = createPaymentStore(dependencies.db);
        const userId = await ownerOf(fixture.database.owner, reservationId);
        const gateway = dependencies.gateways.current.name;
        const attempt = { paymentId, reservationId, userId, amount, paymentKey, gateway };
        return reservations.pay(await payments.request(attempt));
      },
    },
    async decide(cancellationId) {
      await setClock();
      const { reservation_id: reservationId } = await fixture.database
        .owner('cancellation_requests')
        .where({ id: cancellationId })
        .first<{ reservation_id: string }>();
      const { user_id: userId, schedule_id: scheduleId } = await fixture.database
        .owner('reservations')
        .where({ id: reservationId })
        .first<{ user_id: string; schedule_id: string }>();
      const request = { cancellationId, reservationId, userId, scheduleId };
      await createCancellationWorkflows(env.client, { taskQueue }).decide(request);
    },
    async hold({ reservationId, userId, scheduleId, seatIds, holdSeconds, settleSeconds }) {
      await setClock();
      const holdClaimedSeats = createHolding(fixture, reservationsOf(settleSeconds), holdSeconds);
      return holdClaimedSeats(anAttemptToHold(fixture, userId, reservationId), scheduleId, seatIds);
    },
    handle: (reservationId) => handleOf(env, reservationId),
    cancellation: (cancellationId) => env.client.workflow.getHandle(cancellationWorkflowId(cancellationId)),
    replaceActivity: replace,
    restoreActivities: restore,
    async sleepUntil(instant) {
      const left = instant - (await env.currentTimeMs());
      if (left > 0) await env.sleep(left);
    },
    async whileTimePasses(reservationId, work, workflowId = reservationWorkflowId(reservationId)) {
      const done = Promise.allSettled([work]).then(() => true);
      while (!(await Promise.race([done, pause()]))) {
        // A jump of time while the worker works would time out its tasks, and the responses that wait for them.
        if (!(await isWorking(env.client.workflow.getHandle(workflowId)))) await env.sleep(SKIP_MS);
      }
      return work;
    },
    useRealClock: async () => clock?.set(Date.now),
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

async function ownerOf(owner: Knex, reservationId: string): Promise<string> {
  const row = await owner('reservations').where({ id: reservationId }).first<{ user_id: string }>('user_id');
  return row.user_id;
}

function handleOf(env: TestWorkflowEnvironment, reservationId: string) {
  return env.client.workflow.getHandle<typeof reservation>(reservationWorkflowId(reservationId));
}

/**
 * Whether a workflow task is scheduled or under way, an activity waits for a worker, or the workflow has not started
 * yet. While an activity runs, the server keeps its clock automatically.
 */
async function isWorking(handle: WorkflowHandle): Promise<boolean> {
  try {
    const [{ raw }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
    const last = events?.at(-1);
    return Boolean(
      last?.workflowTaskScheduledEventAttributes ??
      last?.workflowTaskStartedEventAttributes ??
      raw.pendingActivities?.some(({ state }) => state === SCHEDULED),
    );
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

/** `fetchHistory` reports this as a gRPC error. */
function isNotFound(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  return isGrpcServiceError(error) && error.code === status.NOT_FOUND;
}

function pause(): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), SKIP_EVERY_MS));
}

async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  // The SDK waits 5 s for the server. A Java process on a busy machine may need longer.
  const start = retry(handleAll, { maxAttempts: 3 });
  const env = await start.execute(async () =>
    TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: testEnvironment('TEST_TIME_SKIPPING_SERVER') } },
    }),
  );
  await env.connection.operatorService.addSearchAttributes({
    namespace: NAMESPACE,
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, KEYWORD])),
  });
  return env;
}

function connectToTemporal(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createFromExistingServer({
    address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
    namespace: NAMESPACE,
  });
}
