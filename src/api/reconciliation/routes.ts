import { ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Difference } from '../../db/reconciliation/differenceStore';
import { readReconciliation } from '../../db/reconciliation/reconciliationOverview';
import type { RecordedRun } from '../../db/reconciliation/reconciliationRunStore';
import type { Stores } from '../../db/stores';
import { Problem } from '../../domain/problems';
import type { Gateways } from '../../gateways/gateways';
import { temporalScheduleId } from '../../contract/operations';
import { RECONCILIATION_WORKFLOW } from '../../contract/reconciliation';
import { endpoint, type Endpoint } from '../http/endpoint';
import { takePage } from '../http/paging';
import {
  differenceListQuery,
  differenceParams,
  differenceSchema,
  reconciliationSchema,
  resolutionBody,
  runRequestedSchema,
} from './schema';

export interface AdminReconciliationDependencies {
  db: Knex;
  temporal: Client;
  gateways: Gateways;
  settings: { TEMPORAL_TASK_QUEUE: string };
  stores: Stores;
}

const PATH = '/v1/admin/reconciliation';
const tags = ['Operators'];

/** Temporal responds within milliseconds, or is down. */
const TIMEOUT_MS = 10_000;

/** How far the books of the gateways, the ledger and the reservations agree. An operator can close differences here. */
export function adminReconciliationRoutes(dependencies: AdminReconciliationDependencies): Endpoint[] {
  const { db, temporal, gateways, settings, stores } = dependencies;
  const names = gateways.all.map(({ name }) => name);
  return [
    endpoint({
      method: 'GET',
      path: PATH,
      summary: 'Read how far the books agree',
      description:
        'The last comparison of each gateway with payments, ledger and seats, and every difference that was ever ' +
        'found, newest first.',
      tags,
      access: 'operator',
      query: differenceListQuery,
      responses: {
        200: { description: 'The last runs, and a page of differences', schema: reconciliationSchema },
      },
      async handle({ query: { limit, cursor, status } }) {
        const [overview, found] = await Promise.all([
          readReconciliation(db, names),
          stores.differences.page({ status, limit: limit + 1, before: cursor }),
        ]);
        const { page, nextCursor } = takePage(found, limit, (difference) => difference.differenceId);
        const { explained, unexplained, oldestUnexplainedSeconds, counts } = overview;
        return {
          status: 200,
          body: {
            gateways: overview.gateways.map(({ gateway, lastRun, running }) => ({
              gateway,
              lastRun: lastRun && presentFinished(lastRun),
              running: running && presentRun(running),
            })),
            explained,
            unexplained,
            oldestUnexplainedSeconds,
            counts,
            items: page.map(presentDifference),
            nextCursor,
          },
        };
      },
    }),

    endpoint({
      method: 'POST',
      path: `${PATH}/runs`,
      summary: 'Compare the books now',
      description:
        'Joins runs that are under way. `lastRun` of each gateway in the overview shows when its run is ' +
        'finished.',
      tags,
      access: 'operator',
      effect: 'once',
      responses: {
        202: {
          description: 'Runs are under way',
          schema: runRequestedSchema,
          headers: { Location: 'The overview' },
        },
      },
      problems: ['temporarily-unavailable'],
      async handle({ once }) {
        return once(async () => {
          const requestedAt = new Date().toISOString();
          await runNow();
          return { status: 202 as const, headers: { Location: PATH }, body: { requestedAt } };
        });
      },
    }),

    endpoint({
      method: 'POST',
      path: `${PATH}/differences/{differenceId}/resolution`,
      summary: 'Close a difference by hand',
      description:
        'The difference stays closed for as long as its figures stay the same. If it is already resolved, the ' +
        'response shows it as it is.',
      tags,
      access: 'operator',
      effect: 'transaction',
      params: differenceParams,
      body: resolutionBody,
      responses: { 200: { description: 'The difference', schema: differenceSchema } },
      problems: ['difference-not-found'],
      async handle({ user, params: { differenceId }, body, transact }) {
        return transact(() => async ({ differences }) => {
          const by = { userId: user.userId, note: body.note };
          const difference = await differences.close(differenceId, by);
          if (!difference) throw new Problem('difference-not-found', 'There is no difference with this id.');
          return { status: 200 as const, body: presentDifference(difference) };
        });
      },
    }),
  ];

  /** Triggers the Temporal schedule, which runs only one at a time. */
  async function runNow(): Promise<void> {
    const id = temporalScheduleId(RECONCILIATION_WORKFLOW, settings.TEMPORAL_TASK_QUEUE);
    try {
      await temporal.withDeadline(Date.now() + TIMEOUT_MS, async () =>
        temporal.schedule.getHandle(id).trigger(ScheduleOverlapPolicy.SKIP),
      );
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new Problem('temporarily-unavailable', `No worker has made the schedule ${id} yet.`);
    }
  }
}

function presentRun({ runId, depth, windowFrom, startedAt }: RecordedRun) {
  const to = startedAt.toISOString();
  return { runId, depth, window: { from: windowFrom.toISOString(), to }, startedAt: to };
}

function presentFinished(run: RecordedRun) {
  const finishedAt = run.finishedAt ?? run.startedAt;
  return {
    ...presentRun(run),
    finishedAt: finishedAt.toISOString(),
    durationSeconds: (finishedAt.getTime() - run.startedAt.getTime()) / 1000,
    read: { charges: run.lines, attempts: run.attempts },
    money: run.money,
  };
}

function presentDifference(difference: Difference) {
  const { aroseAt, firstSeenAt, lastSeenAt, resolvedAt, ...told } = difference;
  return {
    ...told,
    aroseAt: aroseAt.toISOString(),
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
  };
}
