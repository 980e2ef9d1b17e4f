import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';
import { repositoryRoot } from '../../config/repository';
import { ThreadActivity } from './activity';
import type { LeanThreadData } from './leanThread';

/** One step of a workflow may take this long. Then Temporal gives its workflow task to another worker. */
const BLOCKED_AFTER_S = 10;

/** The compiled first file of each thread. */
const LEAN_THREAD = path.join(repositoryRoot(), 'dist/src/worker/workflowThreads/leanThread.js');

/** A workflow has not returned from one step for 10 s. All workflows of its thread wait for it. */
export class BlockedThreadError extends Error {
  override readonly name = 'BlockedThreadError';

  constructor(readonly runId: string) {
    super(
      `The workflow with the run id ${runId} has blocked its thread for ${BLOCKED_AFTER_S} s. If it does so again, ` +
        'terminate it in Temporal, or set WORKFLOW_THREADS=full.',
    );
  }
}

/**
 * Lets `createWorker` make its workflow threads lean: see `leanThread`.
 *
 * @returns the worker, and what each of its threads does
 */
export async function withLeanThreads<Worker>(
  createWorker: () => Promise<Worker>,
): Promise<{ worker: Worker; threads: ThreadActivity[] }> {
  const threads: ThreadActivity[] = [];
  // The SDK reads this property each time it makes a thread. It has no option for the file of a thread. No other code
  // makes a thread while the worker is created.
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(sdkFile: string, options?: WorkerOptions) {
      const activity = new ThreadActivity();
      threads.push(activity);
      super(LEAN_THREAD, {
        ...options,
        workerData: { sdkFile, memory: activity.memory } satisfies LeanThreadData,
      });
    }
  };
  try {
    return { worker: await createWorker(), threads };
  } finally {
    workerThreads.Worker = Worker;
  }
}

/**
 * Looks at the threads once a second. It counts its own looks and not the time. So after a freeze of the whole process,
 * a thread still has ten seconds to finish its step.
 *
 * @param signal its abort ends the watch
 * @throws {BlockedThreadError}
 */
export async function watchThreads(threads: readonly ThreadActivity[], signal: AbortSignal): Promise<void> {
  const seen = new Map<ThreadActivity, { number: number; looks: number }>();
  while (!signal.aborted) {
    for (const thread of threads) {
      const current = thread.current();
      const before = seen.get(thread);
      if (current === null) {
        seen.delete(thread);
      } else if (before?.number !== current.number) {
        seen.set(thread, { number: current.number, looks: 0 });
      } else {
        before.looks += 1;
        if (before.looks >= BLOCKED_AFTER_S) throw new BlockedThreadError(current.runId);
      }
    }
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
