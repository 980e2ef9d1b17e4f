import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../src/worker/bundle';
import { runClosedLoop } from '../generator/closedLoop';
import { ALONE_MS } from '../processes/alone';
import { startMeter, type Measured, type Pids } from '../processes/meter';
import { serve } from '../processes/serve';
import * as activities from './activities';
import type { CeilingCommand, CeilingTarget } from './protocol';
import { bareReservation, holdUpdate, payUpdate } from './workflow';

/** As long as a real hold, so that the timer is as durable; no reservation here waits for its end. */
const HOLD_MS = 300_000;

/**
 * Worker and client of the ceiling in one process of their own: there is less to do than in two, and nothing
 * of the measurement runs inside.
 */
serve<CeilingTarget, CeilingCommand>(async ({ temporalAddress: address, taskQueue }) => {
  // Under load the SDK tells of workflow tasks that it lost and does again; they are counted when done.
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    // With the service's own settings for workflow code, which cost the bare one less too.
    workflowBundle: { code: await workflowBundle(require.resolve('./workflow')) },
    activities,
    // The best that was found on two cores, as in the service's own worker.
    workflowThreadPoolSize: 2,
  });
  const clientConnection = await Connection.connect({ address });
  const client = new Client({ connection: clientConnection });
  const running = worker.run();
  return {
    handle(command) {
      const pids = { ...command.pids, 'worker and client': process.pid };
      if (command.task === 'holds') return holdOneByOne(client, taskQueue, command.holds, pids);
      return runClosedLoop(command.window, async () => pay(client, await hold(client, taskQueue)), pids);
    },
    async close() {
      worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
    },
  };
});

/** @returns the workflow's id */
async function hold(client: Client, taskQueue: string): Promise<string> {
  const workflowId = `ceiling-${randomUUID()}`;
  await client.workflow.executeUpdateWithStart(holdUpdate, {
    startWorkflowOperation: new WithStartWorkflowOperation(bareReservation, {
      workflowId,
      taskQueue,
      args: [HOLD_MS],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
  return workflowId;
}

async function pay(client: Client, workflowId: string): Promise<void> {
  await client.workflow.getHandle(workflowId).executeUpdate(payUpdate);
}

/** Updates with start alone; each is brought to its end outside of what is measured. */
async function holdOneByOne(client: Client, taskQueue: string, holds: number, pids: Pids): Promise<Measured> {
  const readMeter = startMeter(pids);
  const beganAt = performance.now();
  const latencies: number[] = [];
  for (let count = 0; count < holds; count += 1) {
    const began = performance.now();
    const workflowId = await hold(client, taskQueue);
    latencies.push(performance.now() - began);
    await pay(client, workflowId);
    await pause(ALONE_MS);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  return { operations: holds, seconds, cpuMs: readMeter(), latencies: { hold: latencies } };
}
