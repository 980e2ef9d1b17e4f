import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { ActivityDependencies } from '../activities/dependencies';
import { ProblemInterceptor } from './problemInterceptor';

/** What differs between the service, the tests and the benchmark. */
export interface WorkerTarget {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  /** The prebuilt bundle of `src/workflows`. */
  workflowBundle: { codePath: string } | { code: string };
  /** Null where the server knows no versions of workers, as the time-skipping one. */
  version: WorkerDeploymentVersion | null;
}

/** The worker's settings, each with its reason; measured by `npm run bench` on two cores. */
export function workerOptions(
  { version, ...target }: WorkerTarget,
  dependencies: ActivityDependencies,
): WorkerOptions {
  return {
    ...target,
    // A workflow ends on the version that it began on, unless it says otherwise: src/workflows/index.ts.
    ...(version && {
      workerDeploymentOptions: {
        useWorkerVersioning: true,
        version,
        defaultVersioningBehavior: 'PINNED',
      },
    }),
    activities: createActivities(dependencies),
    interceptors: { activity: [() => ({ inbound: new ProblemInterceptor(dependencies) })] },
    // One thread a core: about a tenth faster than the default on two cores.
    workflowThreadPoolSize: 2,
    // Bounds the memory of the cache; a workflow that falls out is replayed from some ten events.
    maxCachedWorkflows: 2_000,
    // On SIGTERM, work under way gets this long; what is left is taken up by another worker.
    shutdownGraceTime: '10s',
    shutdownForceTime: '20s',
  };
}
