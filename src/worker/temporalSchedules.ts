import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  ServiceError,
  type Client,
  type ScheduleDescription,
  type ScheduleOptions,
} from '@temporalio/client';
import { HOUSEKEEPING_SUBJECTS } from '../activities/operations/housekeeping';
import type { Logger } from '../config/logging';
import type * as workflows from '../workflows';
import type { HousekeepingInput } from '../workflows/operations/housekeeping';
import { temporalScheduleId } from '../contract/operations';
import { FencedScheduleClient } from './fencedScheduleClient';

const MINUTE_MS = 60_000;

/**
 * Work that the service does periodically. Two runs never overlap: a run that is due during another one is skipped.
 * Durations are in milliseconds.
 */
export interface PeriodicWorkflow {
  /** The workflow's type. Followed by the task queue, it is the id of the schedule. */
  workflow: keyof typeof workflows;
  args?: [unknown];
  /** What it does, for the list of workflows in the Temporal UI. */
  summary: string;
  /** Counted from the epoch, so that a restart does not move it. */
  everyMs: number;
  /** Each run starts up to this much later, so that schedules with the same interval do not start together. */
  jitterMs: number;
  /** A run that takes longer is ended. The next run continues its work. */
  runTimeoutMs: number;
}

/** Everything that the service does periodically. */
export const PERIODIC_WORKFLOWS: readonly PeriodicWorkflow[] = [
  {
    workflow: 'sweep',
    summary: 'Find and end work that was left behind',
    everyMs: MINUTE_MS / 2,
    jitterMs: MINUTE_MS / 12,
    runTimeoutMs: 5 * MINUTE_MS,
  },
  {
    workflow: 'housekeeping',
    args: [{ subjects: HOUSEKEEPING_SUBJECTS } satisfies HousekeepingInput],
    summary: 'Remove old rows',
    everyMs: 60 * MINUTE_MS,
    jitterMs: 5 * MINUTE_MS,
    runTimeoutMs: 30 * MINUTE_MS,
  },
  {
    workflow: 'reconciliation',
    summary: 'Compare each gateway with ledger and reservations',
    everyMs: 5 * MINUTE_MS,
    jitterMs: MINUTE_MS,
    // It only starts the comparisons, which have limits of their own.
    runTimeoutMs: 5 * MINUTE_MS,
  },
];

/** The start of a worker does not wait longer than this for a slow Temporal. */
const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
/** A status code of gRPC: FAILED_PRECONDITION. */
const CONFLICT: ReadonlySet<number> = new Set([9]);

/**
 * Creates the schedules, or updates those of an earlier version. A schedule that an operator has paused stays paused.
 * Any number of workers may do so at once. Never rejects: a worker that may not manage schedules, or cannot just now,
 * still sells seats. It logs one line for each such schedule.
 */
export async function ensureTemporalSchedules(
  client: Client,
  { taskQueue, logger }: { taskQueue: string; logger: Logger },
  schedules: readonly PeriodicWorkflow[] = PERIODIC_WORKFLOWS,
): Promise<void> {
  await Promise.all(
    schedules.map(async (scheduled) => {
      const options = toOptions(scheduled, taskQueue);
      try {
        await client.withDeadline(Date.now() + TIMEOUT_MS, async () => createOrUpdate(client, options));
      } catch (err) {
        logger.warn({ err, scheduleId: options.scheduleId }, 'schedule could not be created or updated');
      }
    }),
  );
}

async function createOrUpdate(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await bringUpToDate(client, options);
  }
}

/**
 * Other workers, and an operator who pauses a schedule, may change it at the same time. An update takes effect only if
 * the schedule has not changed since its description. If the update came too late, the schedule is described again.
 */
async function bringUpToDate(client: Client, options: ScheduleOptions): Promise<void> {
  const schedule = client.schedule.getHandle(options.scheduleId);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    const description = await schedule.describe();
    if (isUpToDate(description, options)) return;
    const fenced = new FencedScheduleClient(client, description).getHandle(options.scheduleId);
    await fenced.update(() => ({ ...options, state: description.state })).catch(ignoreConflict);
    // The server applies an update a moment after its response.
    await sleep(pauseMs);
  }
}

function isUpToDate({ spec, action, policies }: ScheduleDescription, options: ScheduleOptions): boolean {
  return (
    agrees(spec, options.spec) && agrees(action, options.action) && agrees(policies, options.policies ?? {})
  );
}

/** Compares them as JSON: a description has further fields, and undefined ones. */
function agrees(described: object, wanted: object): boolean {
  const values = new Map<string, unknown>(Object.entries(described));
  return Object.entries(wanted).every(([name, value]) => {
    return JSON.stringify(values.get(name)) === JSON.stringify(value);
  });
}

/** Servers of later versions reject an update that comes too late. */
function ignoreConflict(error: unknown): void {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || !CONFLICT.has(cause.code)) throw error;
}

function toOptions(scheduled: PeriodicWorkflow, taskQueue: string): ScheduleOptions {
  const { workflow, args = [], summary, everyMs, jitterMs, runTimeoutMs } = scheduled;
  return {
    scheduleId: temporalScheduleId(workflow, taskQueue),
    spec: { intervals: [{ every: everyMs }], jitter: jitterMs },
    action: {
      type: 'startWorkflow',
      workflowType: workflow,
      args,
      taskQueue,
      workflowRunTimeout: runTimeoutMs,
      staticSummary: summary,
    },
    // After an outage, the last missed run is started, once.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: everyMs },
  };
}
