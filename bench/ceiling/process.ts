import { randomUUID } from 'node:crypto';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { runClosedLoop } from '../closedLoop';
import { cpuMs } from '../stack/processes';
import * as activities from './activities';
import type { CeilingCommand, CeilingMessage, CeilingTarget } from './protocol';
import { bareReservation, holdUpdate, payUpdate } from './workflow';

/** As long as a real hold, so that the timer is as durable; no reservation here waits for its end. */
const HOLD_MS = 300_000;

/**
 * Worker and client of the ceiling in one process of their own: there is less to do than in two, and nothing
 * of the measurement runs inside.
 */
async function main(target: CeilingTarget): Promise<void> {
  // Under load the SDK tells of workflow tasks that it lost and does again; they are counted when done.
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  const connection = await NativeConnection.connect({ address: target.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: target.taskQueue,
    workflowsPath: require.resolve('./workflow'),
    activities,
    // The best that was found on two cores, as in the service's own worker.
    workflowThreadPoolSize: 2,
  });
  const clientConnection = await Connection.connect({ address: target.temporalAddress });
  const client = new Client({ connection: clientConnection });
  process.once('disconnect', () => worker.shutdown());
  process.on('message', (window: CeilingCommand) => void measure(client, target, window));
  tell({ kind: 'ready' });
  await worker.run();
  await clientConnection.close();
  await connection.close();
}

async function measure(client: Client, target: CeilingTarget, window: CeilingCommand): Promise<void> {
  const { turns, seconds, before, after } = await runClosedLoop(
    window,
    () => reserve(client, target.taskQueue),
    () => ({ own: cpuMs(process.pid), temporal: cpuMs(target.temporalPid) }),
  );
  tell({
    kind: 'result',
    perSecond: turns.length / seconds,
    reservations: turns.length,
    cpuMs: after.own - before.own,
    temporalCpuMs: after.temporal - before.temporal,
  });
}

async function reserve(client: Client, taskQueue: string): Promise<void> {
  const workflowId = `ceiling-${randomUUID()}`;
  await client.workflow.executeUpdateWithStart(holdUpdate, {
    startWorkflowOperation: new WithStartWorkflowOperation(bareReservation, {
      workflowId,
      taskQueue,
      args: [HOLD_MS],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
  await client.workflow.getHandle(workflowId).executeUpdate(payUpdate);
}

function tell(message: CeilingMessage): void {
  process.send?.(message);
}

const [, , temporalAddress = '', taskQueue = '', temporalPid] = process.argv;
main({ temporalAddress, taskQueue, temporalPid: Number(temporalPid) }).catch((error: unknown) => {
  process.stderr.write(`ceiling: ${String(error)}\n`);
  process.exit(1);
});
