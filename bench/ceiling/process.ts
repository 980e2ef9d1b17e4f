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

/** As long as a real hold, so that the timer is as durable. No reservation here waits for the end of its hold. */
const HOLD_MS = 300_000;

/**
 * The worker and the client of the ceiling, in one separate process. One process has less work than two, and none of
 * the measurement runs in it.
 */
serve<CeilingTarget, CeilingCommand>(async ({ temporalAddress: address, taskQueue }) => {
  // Under load the SDK logs workflow tasks that it lost and repeats. The benchmark counts them when they are done.
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    // The same settings for workflow code as in the service. They make the bare workflow cheaper too.
    workflowBundle: { code: await workflowBundle(require.resolve('./workflow')) },
    activities,
    // The best value found on two cores; the worker of the service uses it too.
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

/** Only updates with start. The end of each workflow is outside of the measurement. */
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
