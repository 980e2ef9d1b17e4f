import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../src/worker/bundle';
import { withLeanThreads } from '../../src/worker/workflowThreads/leanThreads';
import { runClosedLoop } from '../generator/closedLoop';
import { ALONE_MS } from '../processes/alone';
import { startMeter, type Measured, type Pids } from '../processes/meter';
import { serve } from '../processes/serve';
import * as activities from './activities';
import type { CeilingCommand, CeilingTarget } from './protocol';
import { bareReservation, formerReservation, holdUpdate, payUpdate } from './workflow';

/** As long as a real hold, so that the timer is as durable. No reservation here waits for the end of its hold. */
const HOLD_MS = 300_000;

/**
 * The worker and the client of the ceiling, in one separate process. One process has less work than two, and none of
 * the measurement runs in it.
 */
serve<CeilingTarget, CeilingCommand>(async ({ temporalAddress: address, taskQueue, shape }) => {
  // Under load the SDK logs workflow tasks that it lost and repeats. The benchmark counts them when they are done.
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  const isPresent = shape === 'present';
  const connection = await NativeConnection.connect({
    address,
    ...(isPresent && { grpcCompression: { codec: 'none' } }),
  });
  const workflows = require.resolve('./workflow');
  const code = await workflowBundle(workflows);
  const createWorker = async (): Promise<Worker> =>
    Worker.create({
      connection,
      taskQueue,
      workflowBundle: { code },
      activities,
      // The best value found on two cores; the worker of the service uses it too.
      workflowThreadPoolSize: 2,
    });
  const { worker } = isPresent ? await withLeanThreads(createWorker) : { worker: await createWorker() };
  const clientConnection = await Connection.connect({ address });
  const client = new Client({ connection: clientConnection });
  const running = worker.run();
  const start = async (): Promise<string> => (isPresent ? begin : hold)(client, taskQueue);
  return {
    handle(command) {
      const pids = { ...command.pids, 'worker and client': process.pid };
      if (command.task === 'starts') return startOneByOne(client, start, command.starts, pids);
      return runClosedLoop(command.window, async () => pay(client, await start()), pids);
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
async function begin(client: Client, taskQueue: string): Promise<string> {
  const workflowId = `ceiling-${randomUUID()}`;
  await client.workflow.start(bareReservation, { workflowId, taskQueue, args: [HOLD_MS] });
  return workflowId;
}

/** @returns the workflow's id */
async function hold(client: Client, taskQueue: string): Promise<string> {
  const workflowId = `ceiling-${randomUUID()}`;
  await client.workflow.executeUpdateWithStart(holdUpdate, {
    startWorkflowOperation: new WithStartWorkflowOperation(formerReservation, {
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

/** The end of each workflow is outside of the measurement. */
async function startOneByOne(
  client: Client,
  start: () => Promise<string>,
  starts: number,
  pids: Pids,
): Promise<Measured> {
  const readMeter = startMeter(pids);
  const beganAt = performance.now();
  const latencies: number[] = [];
  for (let count = 0; count < starts; count += 1) {
    const began = performance.now();
    const workflowId = await start();
    latencies.push(performance.now() - began);
    await pay(client, workflowId);
    await pause(ALONE_MS);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  return { operations: starts, seconds, cpuMs: readMeter(), latencies: { hold: latencies } };
}
