import type { FailingRefund, ShowCancellation } from '../../../db/cancellations/showCancellationStore';
import { inTransaction } from '../../../db/stores';
import { Problem } from '../../../domain/problems';
import { signalShowCancellation } from '../../../temporal/cancellations/startShowCancellation';
import { showCancellationWorkflowId } from '../../../contract/cancellations';
import { scheduleParams } from '../../catalogue/schema';
import type { ApiDependencies } from '../../dependencies';
import { endpoint, type Endpoint } from '../../http/endpoint';
import { takePage } from '../../http/paging';
import { workflowLink } from '../../reservations/workflowLink';
import {
  failuresQuery,
  showAdjustmentBody,
  showCancellationBody,
  showCancellationSchema,
  type ShowCancellationView,
} from './schema';

const tags = ['Operators'];
const path = '/v1/admin/schedules/{scheduleId}/cancellation';
const FIRST_PAGE = failuresQuery.parse({});

/** Temporal responds within milliseconds, or is down. */
const SIGNAL_TIMEOUT_MS = 5_000;

/** A show that does not take place. The service closes its sale permanently and refunds every buyer in full. */
export function showCancellationRoutes(
  dependencies: Pick<
    ApiDependencies,
    'settings' | 'db' | 'stores' | 'temporal' | 'catalogueCache' | 'logger'
  >,
): Endpoint[] {
  const { settings, db, stores, temporal, catalogueCache, logger } = dependencies;
  const { schedules, showCancellations: shows } = stores;
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  return [
    endpoint({
      method: 'POST',
      path,
      summary: 'Cancel a show',
      description:
        'Closes the sale permanently, ends open holds, and refunds every sold reservation in full, with its ' +
        'booking fee. A cancellation cannot be undone. A show is cancelled only once: a repeated request returns ' +
        'the progress.',
      tags,
      access: 'operator',
      effect: 'once',
      params: scheduleParams,
      body: showCancellationBody,
      problems: ['schedule-not-found'],
      responses: {
        202: {
          description: 'The sale is closed, and the refunds are under way',
          schema: showCancellationSchema,
          headers: { Location: 'The progress' },
        },
        200: {
          description: 'All buyers had been refunded before',
          schema: showCancellationSchema,
          headers: { Location: 'The progress' },
        },
      },
      async handle({ params: { scheduleId }, body, once }) {
        const { reason = null, refundsPerSecond } = body;
        const location = `/v1/admin/schedules/${scheduleId}/cancellation`;
        return once(async () => {
          if (!(await schedules.facts(scheduleId))) throw scheduleNotFound();
          if (!(await shows.find(scheduleId))?.finishedAt) {
            await inTransaction(db, async ({ showCancellations }) =>
              showCancellations.open({ scheduleId, reason, refundsPerSecond }),
            );
            await catalogueCache.invalidate();
            await signalWorkflow(scheduleId);
          }
          const view = await present(await findCancelled(scheduleId), FIRST_PAGE);
          return {
            status: view.status === 'DONE' ? (200 as const) : (202 as const),
            headers: { Location: location },
            body: view,
          };
        });
      },
    }),

    endpoint({
      method: 'GET',
      path,
      summary: 'Read the progress of the cancellation of a show',
      description: '`failures` lists the refunds whose last try failed, a page at a time.',
      tags,
      access: 'operator',
      params: scheduleParams,
      query: failuresQuery,
      problems: ['schedule-not-found', 'show-not-cancelled'],
      responses: { 200: { description: 'The progress', schema: showCancellationSchema } },
      async handle({ params: { scheduleId }, query }) {
        return answer(await present(await findCancelled(scheduleId), query));
      },
    }),

    endpoint({
      method: 'PATCH',
      path,
      summary: 'Pause, resume, or change the rate of the refunds of a show',
      description: 'A pause does not stop refunds that have begun.',
      tags,
      access: 'operator',
      params: scheduleParams,
      body: showAdjustmentBody,
      problems: ['schedule-not-found', 'show-not-cancelled', 'show-cancellation-done'],
      responses: { 200: { description: 'The progress', schema: showCancellationSchema } },
      async handle({ params: { scheduleId }, body }) {
        await findCancelled(scheduleId);
        if (!(await shows.adjust(scheduleId, body))) {
          throw new Problem('show-cancellation-done', 'All buyers have been refunded.');
        }
        await signalWorkflow(scheduleId);
        return answer(await present(await findCancelled(scheduleId), FIRST_PAGE));
      },
    }),
  ];

  /**
   * Postgres has the order of the operator. If Temporal cannot be reached, the sweep starts the workflow later. A
   * paused workflow reads the row automatically.
   */
  async function signalWorkflow(scheduleId: string): Promise<void> {
    try {
      await temporal.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, async () =>
        signalShowCancellation(temporal, taskQueue, scheduleId),
      );
    } catch (err) {
      logger.warn({ err, scheduleId }, 'the workflow of a show cancellation could not be reached');
    }
  }

  async function findCancelled(scheduleId: string): Promise<ShowCancellation> {
    const show = await shows.find(scheduleId);
    if (show) return show;
    if (!(await schedules.facts(scheduleId))) throw scheduleNotFound();
    throw new Problem('show-not-cancelled', 'This show is not cancelled.');
  }

  async function present(
    show: ShowCancellation,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<ShowCancellationView> {
    const { scheduleId, reason, refundsPerSecond, startedAt, finishedAt } = show;
    const [progress, failing] = await Promise.all([
      shows.progress(scheduleId),
      shows.failing(scheduleId, { limit: limit + 1, after: cursor }),
    ]);
    const { page, nextCursor } = takePage(failing, limit, (refund) => refund.reservationId);
    return {
      scheduleId,
      status: statusOf(show),
      reason,
      refundsPerSecond,
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt?.toISOString() ?? null,
      ...progress,
      failures: { items: page.map(presentFailure), nextCursor },
      workflow: workflowLink(settings, showCancellationWorkflowId(scheduleId)),
    };
  }
}

function answer(body: ShowCancellationView) {
  return { status: 200 as const, body };
}

function presentFailure({ reservationId, amount, attempts, lastFault, since }: FailingRefund) {
  return { reservationId, amount, attempts, lastFault, since: since.toISOString() };
}

function statusOf({ finishedAt, paused }: ShowCancellation): ShowCancellationView['status'] {
  if (finishedAt) return 'DONE';
  return paused ? 'PAUSED' : 'RUNNING';
}

function scheduleNotFound(): Problem {
  return new Problem('schedule-not-found', 'There is no such schedule.');
}
