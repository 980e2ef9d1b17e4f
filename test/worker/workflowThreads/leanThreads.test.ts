import { randomUUID } from 'node:crypto';
import path from 'node:path';
import workerThreads, { type Worker as Thread } from 'node:worker_threads';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { VMWorkflowThreadProxy } from '@temporalio/worker/lib/workflow/threaded-vm';
import { workflowBundle } from '../../../src/worker/bundle';
import {
  BlockedThreadError,
  watchThreads,
  withLeanThreads,
} from '../../../src/worker/workflowThreads/leanThreads';
import { ThreadActivity } from '../../../src/worker/workflowThreads/activity';
import { testEnvironment } from '../../support/environment';
import { eventually } from '../../support/eventually';
import { goSignal, greeting, greetUpdate, looping } from './workflows';

jest.setTimeout(60_000);

let env: TestWorkflowEnvironment;
let code: string;

beforeAll(async () => {
  // The end of a blocked thread is an error for the SDK.
  const logger = new DefaultLogger('ERROR', () => undefined);
  Runtime.install({ logger, telemetryOptions: { logging: { filter: 'off' } } });
  env = await TestWorkflowEnvironment.createFromExistingServer({
    address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
    namespace: 'default',
  });
  code = await workflowBundle(path.join(__dirname, 'workflows.ts'));
});

afterAll(async () => env.teardown());

/** A worker with one thread on the real server, its threads, and a function that starts a workflow on it. */
async function startWorker(make: typeof withLeanThreads | null) {
  const taskQueue = `test-${randomUUID()}`;
  const made: Thread[] = [];
  const { Worker: Original } = workerThreads;
  workerThreads.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Original>) {
      super(...args);
      made.push(this);
    }
  };
  const create = async () =>
    Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle: { code },
      workflowThreadPoolSize: 1,
    });
  const { worker, threads } = make ? await make(create) : { worker: await create(), threads: [] };
  workerThreads.Worker = Original;
  const running = worker.run();
  running.catch(() => undefined);
  /** Resolves when the workflow waits for its signal. */
  const start = async (turns: number) => {
    const workflowId = `looping-${randomUUID()}`;
    const handle = await env.client.workflow.start(looping, { workflowId, taskQueue, args: [turns] });
    await eventually(async () => expect((await handle.fetchHistory()).events?.length).toBeGreaterThan(3));
    return handle;
  };
  return { worker, threads, made, running, start, taskQueue };
}

/** The next update is under way when its run gets it again: see `updateAgain` in leanThread.ts. */
function deliverNextUpdateTwice(): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
  const { activate } = VMWorkflowThreadProxy.prototype;
  const restore = (): void => void (VMWorkflowThreadProxy.prototype.activate = activate);
  VMWorkflowThreadProxy.prototype.activate = async function (this: VMWorkflowThreadProxy, activation) {
    if (activation.jobs?.some(({ doUpdate }) => doUpdate)) {
      restore();
      await activate.call(this, activation);
    }
    return activate.call(this, activation);
  };
  return restore;
}

describe('a lean workflow thread', () => {
  it('records no call stacks, unlike a full one', async () => {
    const [lean, full] = [await startWorker(withLeanThreads), await startWorker(null)];
    const [here, there] = [await lean.start(0), await full.start(0)];

    await expect(here.query('__stack_trace')).rejects.toThrow('stack traces are not enabled');
    expect(await there.query('__stack_trace')).toContain('looping');
    expect([lean.threads.length, full.threads.length]).toEqual([1, 0]);

    await Promise.all([here.terminate(), there.terminate()]);
    for (const { worker, running } of [lean, full]) {
      worker.shutdown();
      await running;
    }
  });

  it('is reported with the id of the run if a workflow blocks it for 10 s', async () => {
    const { threads, made, running, start } = await startWorker(withLeanThreads);
    const [short, endless] = [await start(1_000_000_000), await start(Number.MAX_SAFE_INTEGER)];
    // The message for the endless step arrives while the thread is in the short one.
    await short.signal(goSignal);
    await endless.signal(goSignal);

    try {
      const watching = watchThreads(threads, AbortSignal.timeout(20_000));
      await expect(watching).rejects.toEqual(new BlockedThreadError(endless.firstExecutionRunId));
    } finally {
      await Promise.all([short.terminate(), endless.terminate()]);
      // Nothing but the end of the thread ends the workflow. The worker fails then.
      await Promise.all(made.map(async (thread) => thread.terminate()));
      await expect(running).rejects.toThrow('Workflow Worker Thread exited');
    }
  });

  it('fails the workflow task if the SDK gives it an update twice', async () => {
    const { worker, running, taskQueue } = await startWorker(withLeanThreads);
    const workflowId = `greeting-${randomUUID()}`;
    const handle = await env.client.workflow.start(greeting, { workflowId, taskQueue });
    const restore = deliverNextUpdateTwice();

    try {
      expect(await handle.executeUpdate(greetUpdate, { args: ['Ada'], updateId: 'one' })).toBe('Hello Ada');
      const { events } = await handle.fetchHistory();
      const failures = events?.flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
        failed ? [failed.failure?.message] : [],
      );
      expect(failures).toEqual(['The SDK delivered the update one to its run twice. The run is replayed.']);
    } finally {
      restore();
      await handle.terminate();
      worker.shutdown();
      await running;
    }
  });

  it('that always runs a step, but never one for long, is not blocked', async () => {
    const busy = new ThreadActivity();
    busy.begin(randomUUID());
    const steps = setInterval(() => {
      busy.end();
      busy.begin(randomUUID());
    }, 300);

    expect(await watchThreads([busy], AbortSignal.timeout(13_000))).toBeUndefined();
    clearInterval(steps);
  });
});
