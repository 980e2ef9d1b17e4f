import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { ActivityDependencies } from '../../src/activities/dependencies';
import { workerOptions } from '../../src/worker/options';
import {
  HOLD_UPDATE,
  PAY_UPDATE,
  RESERVATION_WORKFLOW,
  reservationWorkflowId,
  type HeldReservation,
  type PayInput,
  type PayResult,
  type ReservationInput,
} from '../../src/workflows/messages';
import { RESERVATION_STATUS, SCHEDULE_ID, USER_ID } from '../../src/workflows/searchAttributes';
import { testEnvironment } from './environment';

/** IndexedValueType of the API: a keyword. */
const KEYWORD = 2;

/** A time-skipping Temporal with a worker that runs the real workflows and activities. */
export interface WorkflowHarness {
  env: TestWorkflowEnvironment;
  /** Starts a reservation with its hold, as the API does. */
  hold(input: ReservationInput): Promise<HeldReservation>;
  handle(reservationId: string): WorkflowHandle;
  pay(reservationId: string, input: PayInput): Promise<PayResult>;
  stop(): Promise<void>;
}

export async function startWorkflowHarness(dependencies: ActivityDependencies): Promise<WorkflowHarness> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testEnvironment('TEST_TIME_SKIPPING_SERVER') } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      [RESERVATION_STATUS, SCHEDULE_ID, USER_ID].map((key) => [key.name, KEYWORD]),
    ),
  });
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create(
    workerOptions(
      {
        connection: env.nativeConnection,
        namespace: 'default',
        taskQueue,
        workflowBundle: { codePath: testEnvironment('TEST_WORKFLOW_BUNDLE') },
      },
      dependencies,
    ),
  );
  const running = worker.run();
  const handle = (reservationId: string) =>
    env.client.workflow.getHandle(reservationWorkflowId(reservationId));
  return {
    env,
    handle,
    async hold(input) {
      const startWorkflowOperation = new WithStartWorkflowOperation(RESERVATION_WORKFLOW, {
        workflowId: reservationWorkflowId(input.reservationId),
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
      });
      return env.client.workflow.executeUpdateWithStart<never, HeldReservation, []>(HOLD_UPDATE, {
        startWorkflowOperation,
      } as never);
    },
    pay: async (reservationId, input) =>
      handle(reservationId).executeUpdate<PayResult, [PayInput]>(PAY_UPDATE, { args: [input] }),
    async stop() {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
