import { workerData } from 'node:worker_threads';
import type { coresdk } from '@temporalio/proto';
import { ReusableVMWorkflow, ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm';
import { BaseVMWorkflow, globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared';
import type { Activator } from '@temporalio/workflow/lib/internals';
import { ThreadActivity } from './activity';

/** What `leanThreads` gives to each workflow thread. */
export interface LeanThreadData {
  /** The SDK's own file for a workflow thread. */
  sdkFile: string;
  memory: SharedArrayBuffer;
}

/*
 * The first file of a lean workflow thread. It takes two things out of the SDK, and then runs the SDK's own file:
 *
 * - The SDK gives each call into a workflow a time limit. For that, Node starts and joins an operating system thread at
 *   each call (`node_watchdog.cc`). `watchThreads` finds a workflow that blocks its thread instead.
 * - The SDK records a stack trace for each promise, for the call stack of a running workflow in Temporal's UI.
 *
 * Together they take more than half of a workflow thread's processor time: see
 * docs/decisions/0068-lean-workflow-threads.md.
 */
// oxlint-disable-next-line typescript/no-unsafe-assignment -- the parent thread gave it
const { sdkFile, memory }: LeanThreadData = workerData;
const activity = new ThreadActivity(memory);

/** @throws if a later version of the SDK has renamed this part */
function replace(owner: object, part: string, replacement: unknown): void {
  if (!Reflect.has(owner, part)) {
    throw new Error(
      `This version of Temporal's SDK has no ${part}. Start the worker with WORKFLOW_THREADS=full.`,
    );
  }
  Reflect.set(owner, part, replacement);
}

/**
 * Marks the run whose code a call of the SDK runs. All of that code runs before the first `await` of the call. So the
 * mark ends there, and no two marks overlap.
 */
function marked<Result>(runId: string, call: () => Result): Result {
  activity.begin(runId);
  try {
    return call();
  } finally {
    activity.end();
  }
}

replace(globalHandlers, 'setPromiseHook', () => undefined);

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const { createWorkflow } = ReusableVMWorkflowCreator.prototype;
ReusableVMWorkflowCreator.prototype.createWorkflow = async function (
  this: ReusableVMWorkflowCreator,
  options,
) {
  replace(this, 'isolateExecutionTimeoutMs', undefined);
  return marked(options.info.runId, async () => createWorkflow.call(this, options));
};

/**
 * After a worker was frozen for longer than a workflow task may take, Temporal gives it the same update again. The SDK
 * should drop the run and replay it. If a local activity of the update runs at that moment, the SDK gives the update to
 * the running workflow a second time instead, and reports non-determinism later (temporalio/sdk-typescript#1966).
 * A failed workflow task makes the SDK do at once what it should do.
 *
 * @returns the failed workflow task, if an update in this activation is under way already
 */
function updateAgain(
  workflow: BaseVMWorkflow,
  { runId, jobs }: coresdk.workflow_activation.IWorkflowActivation,
): coresdk.workflow_completion.IWorkflowActivationCompletion | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a protected property of the SDK
  const { inProgressUpdates } = Reflect.get(workflow, 'activator') as Activator;
  const again = jobs?.find(({ doUpdate }) => inProgressUpdates.has(doUpdate?.id ?? ''));
  if (!again) return null;
  const message = `The SDK delivered the update ${again.doUpdate?.id} to its run twice. The run is replayed.`;
  return { runId: runId ?? null, failed: { failure: { message } } };
}

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const { activate } = BaseVMWorkflow.prototype;
BaseVMWorkflow.prototype.activate = async function (this: BaseVMWorkflow, activation) {
  const failed = updateAgain(this, activation);
  if (failed) return failed;
  return marked(this.runId, async () => activate.call(this, activation));
};

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const { dispose } = ReusableVMWorkflow.prototype;
ReusableVMWorkflow.prototype.dispose = async function (this: ReusableVMWorkflow) {
  return marked(this.runId, async () => dispose.call(this));
};

// oxlint-disable-next-line typescript/no-require-imports -- after the changes above
require(sdkFile);
