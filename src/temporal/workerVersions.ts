import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Rollout } from '../config/settings';

/** What Temporal knows about the versions of a deployment. Each build is named by its id. */
export interface SeenVersions {
  /** Gets new runs, and runs that move between versions; null before the first. */
  current: string | null;
  builds: readonly string[];
  /** Those that are or were current. */
  everCurrent: ReadonlySet<string>;
  /**
   * With this token, a change takes effect only if the deployment has not changed since. Null: there is no deployment
   * yet, because no worker has polled for work.
   */
  conflictToken: Uint8Array | null;
}

/** Runs of one step: a second of work at most. */
const PAGE = 100;
const AT_ONCE = 10;

/** Server 1.29 sometimes answers NOT_FOUND for a moment while the deployment changes. */
const LOOK_PAUSES_MS = [0, 100, 300];

/** A worker polls for work at least once a minute, which is the length of Temporal's longest poll. */
const POLLED_WITHIN_MS = 90_000;

/** Status codes of gRPC. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;

/** All workers of a task queue are one deployment. Temporal allows no dots and colons in its name. */
export const deploymentNameOf = (taskQueue: string): string => taskQueue.replaceAll(/[^\w-]/g, '-');

/** False if the server has them switched off (`system.enableDeploymentVersions`), or is older. */
export async function knowsVersions(client: Client): Promise<boolean> {
  try {
    await client.workflowService.listWorkerDeployments({ namespace: client.options.namespace, pageSize: 1 });
    return true;
  } catch (error) {
    if (codeOf(error) === UNIMPLEMENTED) return false;
    if (codeOf(error) === PERMISSION_DENIED && /disabled/.test(String(error))) return false;
    throw error;
  }
}

export async function seeVersions(client: Client, deploymentName: string): Promise<SeenVersions> {
  for (const pauseMs of LOOK_PAUSES_MS) {
    await sleep(pauseMs);
    const seen = await describeDeployment(client, deploymentName);
    if (seen !== null) return seen;
  }
  return { current: null, builds: [], everCurrent: new Set(), conflictToken: null };
}

async function describeDeployment(client: Client, deploymentName: string): Promise<SeenVersions | null> {
  const { namespace } = client.options;
  try {
    const { workerDeploymentInfo: info, conflictToken } =
      await client.workflowService.describeWorkerDeployment({ namespace, deploymentName });
    const builds = (info?.versionSummaries ?? []).map(({ deploymentVersion, firstActivationTime }) => ({
      buildId: deploymentVersion?.buildId ?? '',
      wasCurrent: Boolean(firstActivationTime),
    }));
    return {
      current: info?.routingConfig?.currentDeploymentVersion?.buildId || null,
      builds: builds.map(({ buildId }) => buildId),
      everCurrent: new Set(builds.filter(({ wasCurrent }) => wasCurrent).map(({ buildId }) => buildId)),
      conflictToken,
    };
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
    return null;
  }
}

/**
 * From now on new runs, and runs that move, go to this version. If it is repeated, it changes nothing.
 *
 * @param conflictToken null: whatever has changed meanwhile
 * @throws if no worker of the version has polled for work yet
 */
export async function makeCurrent(
  client: Client,
  { deploymentName, buildId }: WorkerDeploymentVersion,
  conflictToken: Uint8Array | null,
): Promise<void> {
  await client.workflowService.setWorkerDeploymentCurrentVersion({
    namespace: client.options.namespace,
    deploymentName,
    buildId,
    ...(conflictToken && { conflictToken }),
    identity: `holdfast worker ${buildId}`,
  });
}

/**
 * The builds whose workers have polled for work within the last 90 s, as the server remembers; it forgets them when it
 * restarts. The server answers only for the first of the four partitions of a task queue. A worker has two polls for
 * workflow tasks, which can both be at another partition, and ten for activity tasks, which are at all of them.
 */
export async function polledBuilds(client: Client, taskQueue: string): Promise<ReadonlySet<string>> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const since = Date.now() - POLLED_WITHIN_MS;
  const recent = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds) * 1000 > since);
  return new Set(recent.map(({ deploymentOptions }) => deploymentOptions?.buildId ?? ''));
}

/** How many open runs are bound to a build. */
export async function openRuns(client: Client, taskQueue: string, buildId: string): Promise<number> {
  const version = `TemporalWorkerDeploymentVersion = "${deploymentNameOf(taskQueue)}:${buildId}"`;
  return (await client.workflow.count(`${pinnedRuns(taskQueue)} AND ${version}`)).count;
}

/**
 * Lets a page of runs that are bound to an earlier version continue on the current one. The current version replays
 * their histories; the tests of `test/replay` keep that possible. With `rolling`, if workers of an earlier version
 * still poll for work, they keep their runs. Safe to repeat.
 *
 * @returns `isLast`: there are no more of them
 */
export async function moveToCurrent(
  client: Client,
  taskQueue: string,
  rollout: Rollout,
): Promise<{ moved: number; isLast: boolean }> {
  const deploymentName = deploymentNameOf(taskQueue);
  const { current } = await seeVersions(client, deploymentName);
  if (current === null) return { moved: 0, isLast: true };
  const left = new Set([current, ...(rollout === 'rolling' ? await polledBuilds(client, taskQueue) : [])]);
  const others = [...left].map(
    (buildId) => `TemporalWorkerDeploymentVersion != "${deploymentName}:${buildId}"`,
  );
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query: [pinnedRuns(taskQueue), ...others].join(' AND '),
    pageSize: PAGE,
  });
  for (let first = 0; first < executions.length; first += AT_ONCE) {
    const some = executions.slice(first, first + AT_ONCE);
    await Promise.all(some.map(async ({ execution }) => unbind(client, execution)));
  }
  return { moved: executions.length, isLast: executions.length < PAGE };
}

function pinnedRuns(taskQueue: string): string {
  return [
    `TaskQueue = "${taskQueue}"`,
    `TemporalWorkerDeployment = "${deploymentNameOf(taskQueue)}"`,
    'TemporalWorkflowVersioningBehavior = "Pinned"',
    'ExecutionStatus = "Running"',
  ].join(' AND ');
}

type Execution = Parameters<
  Client['workflowService']['updateWorkflowExecutionOptions']
>[0]['workflowExecution'];

async function unbind(client: Client, execution: Execution): Promise<void> {
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: execution ?? null,
      workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
      updateMask: { paths: ['versioning_override'] },
    });
  } catch (error) {
    // The run has ended meanwhile.
    if (codeOf(error) !== NOT_FOUND) throw error;
  }
}

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
