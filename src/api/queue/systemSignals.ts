import type { Client } from '@temporalio/client';
import type { PaceSignals } from '../../domain/queue/admissionPace';
import type { HoldFiguresStore } from '../../redis/reservations/holdFigures';

/**
 * The decision to let more people in must not wait for Temporal. Without its response, the figures of the holds decide.
 */
const TEMPORAL_MS = 500;

/** Rooms that take their steps at the same time ask once. */
const REUSE_MS = 500;

export type SystemSignals = Omit<PaceSignals, 'waiting'>;

/**
 * Reads the signals of the system, which are the same for every room. Rejects if Redis is down. Without Temporal the
 * backlog is null.
 */
export function createSystemSignals({
  holds,
  temporal,
  taskQueue,
}: {
  holds: Pick<HoldFiguresStore, 'recent'>;
  temporal: Client;
  taskQueue: string;
}): () => Promise<SystemSignals> {
  let last: { readAt: number; signals: Promise<SystemSignals> } | undefined;

  return async () => {
    if (last && Date.now() - last.readAt < REUSE_MS) return last.signals;
    last = { readAt: Date.now(), signals: read() };
    return last.signals;
  };

  async function read(): Promise<SystemSignals> {
    const [figures, backlogSeconds] = await Promise.all([
      holds.recent(),
      readBacklog(temporal, taskQueue).catch(() => null),
    ]);
    return { holds: figures, backlogSeconds };
  }
}

/**
 * Returns the age of the oldest workflow task in the task queue. If a request names no type, Temporal reports workflow
 * tasks. The first task of each reservation goes to this queue. Later tasks go to the queue of the worker that has the
 * workflow, which is not counted.
 */
export async function readBacklog(temporal: Client, taskQueue: string): Promise<number> {
  const { stats } = await temporal.withDeadline(Date.now() + TEMPORAL_MS, async () =>
    temporal.workflowService.describeTaskQueue({
      namespace: temporal.options.namespace,
      taskQueue: { name: taskQueue },
      reportStats: true,
    }),
  );
  const age = stats?.approximateBacklogAge;
  return (age?.seconds?.toNumber() ?? 0) + (age?.nanos ?? 0) / 1e9;
}
