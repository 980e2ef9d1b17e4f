import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../src/launcher/ports';
import { spawnService } from '../../src/launcher/processes/service';
import { createTestDatabase } from '../support/database';
import { testEnvironment } from '../support/environment';
import { createTestRedis } from '../support/redis';
import { createStackFolder } from '../support/stack';

jest.setTimeout(60_000);

/** A separate worker process that loads a file first. */
async function aWorker(preloaded: string) {
  const [home, database, redis] = await Promise.all([
    createStackFolder(),
    createTestDatabase(),
    createTestRedis(),
  ]);
  const port = await freePort();
  const taskQueue = `test-${randomUUID()}`;
  const { managed, untilHealthy } = spawnService(
    {
      name: 'worker',
      entry: 'src/worker/main.js',
      env: {
        PATH: process.env['PATH'],
        NODE_OPTIONS: `--require=${path.join(__dirname, preloaded)}`,
        WORKER_METRICS_PORT: String(port),
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        TEMPORAL_ADDRESS: testEnvironment('TEST_TEMPORAL_ADDRESS'),
        TEMPORAL_TASK_QUEUE: taskQueue,
        SANDBOX_SECRET: randomUUID(),
        SANDBOX_WEBHOOK_SECRET: randomUUID(),
      },
      logFile: path.join(home.folder, 'worker.log'),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    },
    home.spawn,
  );
  await untilHealthy();
  return {
    managed,
    taskQueue,
    remove: async () => {
      managed.signal('SIGKILL');
      await managed.exited;
      await Promise.all([database.drop(), redis.drop()]);
      await home.remove();
    },
  };
}

describe('a worker that can no longer poll', () => {
  it('ends with a failure code, so that it is started again', async () => {
    const { managed, remove } = await aWorker('failingPoller.cjs');
    try {
      managed.signal('SIGUSR2');

      expect(await managed.exited).toBe('exit code 1');
      expect(managed.lastWords()).toContain('worker failed: no more polling');
    } finally {
      await remove();
    }
  });
});

/** Starts a workflow for the worker of a task queue. */
async function startSweep(taskQueue: string) {
  const connection = await Connection.connect({ address: testEnvironment('TEST_TEMPORAL_ADDRESS') });
  const { workflow } = new Client({ connection });
  const handle = await workflow.start('sweep', { taskQueue, workflowId: `sweep-${randomUUID()}` });
  return { handle, runId: handle.firstExecutionRunId, close: async () => connection.close() };
}

describe('a worker whose workflow blocks its thread', () => {
  it('ends with a failure code, and names the run', async () => {
    const { managed, taskQueue, remove } = await aWorker('blockingWorkflows.cjs');
    const { handle, runId, close } = await startSweep(taskQueue);
    try {
      expect(await managed.exited).toBe('exit code 1');
      expect(managed.lastWords()).toContain(`run id ${runId} has blocked its thread`);
      await handle.terminate();
    } finally {
      await close();
      await remove();
    }
  });
});

describe('a worker that is frozen in the middle of a step', () => {
  it('continues afterwards', async () => {
    const { managed, taskQueue, remove } = await aWorker('slowWorkflows.cjs');
    const { handle, close } = await startSweep(taskQueue);
    try {
      await sleep(700);
      managed.signal('SIGSTOP');
      await sleep(6_000);
      managed.signal('SIGCONT');

      expect(await handle.result()).toMatchObject({ adopted: 0 });
      expect(managed.hasExited()).toBe(false);
    } finally {
      await close();
      await remove();
    }
  });
});
