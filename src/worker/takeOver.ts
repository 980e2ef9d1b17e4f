import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { Logger } from '../config/logging';
import type { Rollout } from '../config/settings';
import { makeCurrent, moveToCurrent, polledBuilds, seeVersions } from '../temporal/workerVersions';

export interface TakeOver {
  taskQueue: string;
  version: WorkerDeploymentVersion;
  rollout: Rollout;
  logger: Logger;
  /** Called once new workflows have a worker: this one, or those of another version that is current. */
  ready: () => void;
  /** Its abort ends the tries. */
  signal: AbortSignal;
}

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Temporal forgets all polls when it restarts. Within this time, a worker that lives has polled again. */
const NO_POLL_MS = 20_000;

/**
 * Makes the version of this worker the current one, if the rules below allow that. Then it moves open runs of earlier
 * versions to it. It tries until it is done: a worker that starts again completes what the one before it left undone.
 * Any number of workers may do so at once. Never rejects.
 *
 * If no version is current, every worker does so. Otherwise only workers with `WORKER_ROLLOUT=recreate` do:
 *
 * - A worker whose version never was current takes over from the version that it found when it started, and from no
 *   later one. So an old worker that stalls on its way does not undo a deployment.
 * - A worker whose version was current before waits until no worker of the current version polls for work, for 20 s.
 *   Examples: an old worker is restarted, or an operator has returned to an old version.
 *
 * @returns whether the version of this worker is current
 */
export async function takeOver(client: Client, options: TakeOver): Promise<boolean> {
  const { version, rollout, logger, signal } = options;
  let found: string | null | undefined;
  let unpolled: { buildId: string; since: number } | null = null;
  const pollsNoMore = async (buildId: string): Promise<boolean> => {
    if ((await polledBuilds(client, options.taskQueue)).has(buildId)) {
      unpolled = null;
      return false;
    }
    if (unpolled?.buildId !== buildId) unpolled = { buildId, since: Date.now() };
    return Date.now() - unpolled.since >= NO_POLL_MS;
  };
  let pauseMs = FIRST_PAUSE_MS;
  /** Null: not yet. Without a token, a change could undo a deployment that this worker has not seen. */
  const tryOnce = async (): Promise<boolean | null> => {
    const seen = await seeVersions(client, version.deploymentName);
    found = found === undefined ? seen.current : found;
    if (seen.current === version.buildId) {
      options.ready();
      if (rollout === 'recreate') await moveEverything(client, options);
      return true;
    }
    const { current, everCurrent, conflictToken } = seen;
    if (conflictToken === null) return null;
    const takesOverFrom = async (other: string): Promise<boolean> =>
      (!everCurrent.has(version.buildId) && other === found) || (await pollsNoMore(other));
    if (current !== null && rollout === 'rolling') {
      options.ready();
      logger.info({ current }, 'another version is current; run makeCurrent.js to make this one current');
      return false;
    }
    if (current !== null && !(await takesOverFrom(current))) {
      options.ready();
      return null;
    }
    await makeCurrent(client, version, conflictToken);
    logger.info({ buildId: version.buildId, before: current }, 'the version of this worker is current');
    // The next try finds it current.
    return null;
  };
  while (!signal.aborted) {
    try {
      const isCurrent = await client.withDeadline(Date.now() + TIMEOUT_MS, tryOnce);
      if (isCurrent !== null) return isCurrent;
    } catch (err) {
      // Temporal may have restarted.
      unpolled = null;
      // Temporal learns of a version by the first poll of its workers. Another worker may also have been faster.
      const level = pauseMs < LONGEST_PAUSE_MS ? 'debug' : 'warn';
      logger[level]({ err }, 'the version of this worker is not current yet');
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return false;
}

/** Moves every open run. The next sweep moves the runs that Temporal's index does not show yet. */
async function moveEverything(client: Client, { taskQueue, rollout, logger }: TakeOver): Promise<void> {
  for (let isLast = false; !isLast;) {
    const page = await moveToCurrent(client, taskQueue, rollout);
    if (page.moved > 0) logger.info({ moved: page.moved }, 'open runs continue with the current version');
    isLast = page.isLast;
  }
}
