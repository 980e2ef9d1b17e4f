import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { testEnvironment } from '../support/environment';
import { installQuietTemporal } from '../support/quietTemporal';
import { answerUpdate, answersInAnHour, answersOnce } from './workflows';

/*
 * The known differences between the time-skipping server and the real one (docs/testing.md). If a test here fails, a
 * server has changed: then change the list in the documents too.
 */
const START_MS = 60_000;
let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  installQuietTemporal();
  bundle = await bundleWorkflowCode({ workflowsPath: path.resolve(__dirname, 'workflows.ts') });
}, START_MS);

const SERVERS: [string, () => Promise<TestWorkflowEnvironment>][] = [
  [
    'time-skipping',
    async () =>
      TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: testEnvironment('TEST_TIME_SKIPPING_SERVER') } },
      }),
  ],
  [
    'real',
    async () =>
      TestWorkflowEnvironment.createFromExistingServer({
        address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
        namespace: 'default',
      }),
  ],
];

async function on<Result>(
  start: () => Promise<TestWorkflowEnvironment>,
  work: (env: TestWorkflowEnvironment, taskQueue: string) => Promise<Result>,
): Promise<Result> {
  const env = await start();
  const taskQueue = `differences-${randomUUID()}`;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    shutdownGraceTime: 0,
  });
  const running = worker.run();
  try {
    return await work(env, taskQueue);
  } finally {
    worker.shutdown();
    await running;
    await env.teardown();
  }
}

/** Sends an update-with-start twice with one workflow id and one update id. The first run closes in between. */
async function askTwice({ client }: TestWorkflowEnvironment, taskQueue: string): Promise<string[]> {
  const workflowId = randomUUID();
  const ask = async (name: string): Promise<string> =>
    client.workflow.executeUpdateWithStart(answerUpdate, {
      startWorkflowOperation: new WithStartWorkflowOperation(answersOnce, {
        workflowId,
        taskQueue,
        args: [name],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
      updateId: 'always-the-same',
      args: ['you'],
    });
  const first = await ask('the first run');
  await client.workflow.getHandle(workflowId).result();
  return [first, await ask('the second run')];
}

/** Waits two seconds for a result that takes an hour. */
async function waitForHour({ client }: TestWorkflowEnvironment, taskQueue: string): Promise<string> {
  const handle = await client.workflow.start(answersInAnHour, { workflowId: randomUUID(), taskQueue });
  try {
    return await client.withDeadline(Date.now() + 2_000, async () =>
      handle.executeUpdate(answerUpdate, { args: ['answered'] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return 'still waiting';
    throw error;
  } finally {
    await handle.terminate();
  }
}

describe('an update-with-start whose update id a closed run has completed', () => {
  const SECOND: Record<string, string> = {
    // A second call starts a run, as expected.
    'time-skipping': 'the second run to you',
    // It starts nothing, and returns the outcome of the closed run.
    real: 'the first run to you',
  };
  it.each(SERVERS)(
    'has its known effect on the %s server',
    async (name, start) => {
      expect(await on(start, askTwice)).toEqual(['the first run to you', SECOND[name]]);
    },
    START_MS,
  );
});

describe('waiting for the result of an update', () => {
  it.each(SERVERS)(
    'skips no time on the %s server',
    async (_name, start) => {
      expect(await on(start, waitForHour)).toBe('still waiting');
    },
    START_MS,
  );
});
