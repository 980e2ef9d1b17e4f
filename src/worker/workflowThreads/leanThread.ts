import { workerData } from 'node:worker_threads';
import type { coresdk } from '@temporalio/proto';
import { ReusableVMWorkflow, ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm';
import { BaseVMWorkflow, globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared';
import { ThreadActivity } from './activity';

/** What `leanThreads` gives to each workflow thread. */
export interface LeanThreadData {
  /** The SDK's own file for a workflow thread. */
  sdkFile: string;
  memory: SharedArrayBuffer;
}

/*
 * The first file of a lean workflow thread. It changes three things in the SDK, and then runs the SDK's own file. Two are
 * taken out, because together they take more than half of a workflow thread's processor time:
 *
 * - The SDK gives each call into a workflow a time limit. For that, Node starts and joins an operating system thread at
 *   each call (`node_watchdog.cc`). `watchThreads` finds a workflow that blocks its thread instead.
 * - The SDK records a stack trace for each promise, for the call stack of a running workflow in Temporal's UI.
 *
 * The third is `updateAgain` below. See docs/decisions/0068-lean-workflow-threads.md.
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

/** The updates that each workflow has accepted. A rejected update may come again. */
const accepted = new WeakMap<BaseVMWorkflow, Set<string>>();

/**
 * After a worker was frozen for longer than a workflow task may take, Temporal gives it the same update again. The SDK
 * should drop the run and replay it. If a local activity of the run is under way at that moment, the SDK gives the update
 * to the running workflow a second time instead, and reports non-determinism later. The error is the one of
 * temporalio/sdk-typescript#1966. A failed workflow task makes the SDK drop the run.
 *
 * @returns the failed workflow task, if the workflow has accepted an update of this activation before
 */
function updateAgain(
  workflow: BaseVMWorkflow,
  { runId, jobs }: coresdk.workflow_activation.IWorkflowActivation,
): coresdk.workflow_completion.IWorkflowActivationCompletion | null {
  const again = jobs?.find(({ doUpdate }) => accepted.get(workflow)?.has(doUpdate?.protocolInstanceId ?? ''));
  if (!again) return null;
  const message = `The SDK delivered the update ${again.doUpdate?.id} to its run twice. The run is replayed.`;
  return { runId: runId ?? null, failed: { failure: { message } } };
}

function rememberAccepted(
  workflow: BaseVMWorkflow,
  { successful }: coresdk.workflow_completion.IWorkflowActivationCompletion,
): void {
  for (const { updateResponse } of successful?.commands ?? []) {
    if (!updateResponse?.accepted || !updateResponse.protocolInstanceId) continue;
    const known = accepted.get(workflow) ?? new Set();
    accepted.set(workflow, known.add(updateResponse.protocolInstanceId));
  }
}

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const { activate } = BaseVMWorkflow.prototype;
BaseVMWorkflow.prototype.activate = async function (this: BaseVMWorkflow, activation) {
  const failed = updateAgain(this, activation);
  if (failed) return failed;
  const completion = await marked(this.runId, async () => activate.call(this, activation));
  rememberAccepted(this, completion);
  return completion;
};

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const { dispose } = ReusableVMWorkflow.prototype;
ReusableVMWorkflow.prototype.dispose = async function (this: ReusableVMWorkflow) {
  return marked(this.runId, async () => dispose.call(this));
};

// oxlint-disable-next-line typescript/no-require-imports -- after the changes above
require(sdkFile);
