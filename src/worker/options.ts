import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { ActivityDependencies } from '../activities/dependencies';
import { ProblemInterceptor } from './problemInterceptor';

/** The options that differ between the service, the tests and the benchmark. */
export interface WorkerTarget {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  /** The prebuilt bundle of `src/workflows`. */
  workflowBundle: { codePath: string } | { code: string };
  /** Null if the server does not know versions of workers, for example the time-skipping one. */
  version: WorkerDeploymentVersion | null;
}

/** The worker's settings, each with its reason; measured by `npm run bench` on two cores. */
export function workerOptions(
  { version, ...target }: WorkerTarget,
  dependencies: ActivityDependencies,
): WorkerOptions {
  return {
    ...target,
    // A workflow ends on the version that it began on, unless src/workflows/index.ts says otherwise.
    ...(version && {
      workerDeploymentOptions: {
        useWorkerVersioning: true,
        version,
        defaultVersioningBehavior: 'PINNED',
      },
    }),
    activities: createActivities(dependencies),
    interceptors: { activity: [() => ({ inbound: new ProblemInterceptor(dependencies) })] },
    // One thread for each core: about a tenth faster than the default on two cores.
    workflowThreadPoolSize: 2,
    // Limits the memory of the cache. A workflow that falls out is replayed from about ten events.
    maxCachedWorkflows: 2_000,
    // After SIGTERM, work under way gets this much time. Another worker takes over what is left.
    shutdownGraceTime: '10s',
    shutdownForceTime: '20s',
  };
}
