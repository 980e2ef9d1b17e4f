import {
  MONTHS,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  WorkflowExecutionAlreadyStartedError,
  type CalendarSpec,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Opening } from '../../db/openings/drawStore';
import {
  SALE_OPENING_WORKFLOW,
  saleOpeningWorkflowId,
  type SaleOpeningInput,
  type SaleOpeningWorkflow,
} from '../../contract/openings';
import { SCHEDULE_ID } from '../../contract/searchAttributes';

const TIMEOUT_MS = 5_000;

/**
 * An opening that is nearer than this may be over before Temporal has stored the schedule. The workflow's timer waits
 * for it instead.
 */
const SOON_MS = 60_000;

/** The longest outage of Temporal after which it still starts a missed opening. */
const CATCH_UP = '365 days';

/**
 * Creates the Temporal Schedule that starts the opening of a sale, once, at its time. If that time has come, the
 * opening starts at once. A schedule that exists already stays as it is. Temporal removes it automatically some days
 * later.
 *
 * @throws if Temporal does not answer within 5 s
 */
export async function planOpening(client: Client, taskQueue: string, opening: Opening): Promise<void> {
  try {
    await client.withDeadline(Date.now() + TIMEOUT_MS, async () =>
      client.schedule.create(toOptions(opening, taskQueue, Date.now())),
    );
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/**
 * Starts the opening of a sale that should be open already, if the run that its schedule was to start is gone. A second
 * run beside that one does no harm: the sale opens once, however many runs work on it.
 *
 * @returns false if this one runs already
 */
export async function startOpening(client: Client, taskQueue: string, scheduleId: string): Promise<boolean> {
  try {
    await client.workflow.start<SaleOpeningWorkflow>(SALE_OPENING_WORKFLOW, {
      workflowId: saleOpeningWorkflowId(scheduleId),
      taskQueue,
      args: [{ scheduleId }],
      typedSearchAttributes: [{ key: SCHEDULE_ID, value: scheduleId }],
      staticSummary: 'Open a sale that should be open already',
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

function toOptions({ scheduleId, opensAt }: Opening, taskQueue: string, now: number): ScheduleOptions {
  const input: SaleOpeningInput = { scheduleId };
  const isSoon = opensAt.getTime() < now + SOON_MS;
  return {
    scheduleId: saleOpeningWorkflowId(scheduleId),
    // Exact to the second. The workflow waits for the rest.
    spec: isSoon ? {} : { calendars: [calendarOf(opensAt)] },
    action: {
      type: 'startWorkflow',
      workflowType: SALE_OPENING_WORKFLOW,
      workflowId: saleOpeningWorkflowId(scheduleId),
      args: [input],
      taskQueue,
      typedSearchAttributes: [{ key: SCHEDULE_ID, value: scheduleId }],
      staticSummary: `Open the sale at ${opensAt.toISOString()}, and draw its lobby`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
    state: { triggerImmediately: isSoon },
  };
}

/** In UTC, as Temporal reads it. */
function calendarOf(time: Date): CalendarSpec {
  const month = time.getUTCMonth();
  return {
    year: time.getUTCFullYear(),
    month: MONTHS.slice(month, month + 1),
    dayOfMonth: time.getUTCDate(),
    hour: time.getUTCHours(),
    minute: time.getUTCMinutes(),
    second: time.getUTCSeconds(),
  };
}
