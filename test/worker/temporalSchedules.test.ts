import { Client, ScheduleOverlapPolicy } from '@temporalio/client';
import { HOUSEKEEPING_SUBJECTS } from '../../src/activities/operations/housekeeping';
import { createLogger } from '../../src/config/logging';
import {
  ensureTemporalSchedules,
  PERIODIC_WORKFLOWS,
  type PeriodicWorkflow,
} from '../../src/worker/temporalSchedules';
import { temporalScheduleId } from '../../src/contract/operations';
import { eventually } from '../support/eventually';
import { createTestbed, type Testbed } from '../support/testbed';

let testbed: Testbed;
let client: Client;

beforeAll(async () => {
  testbed = await createTestbed('real');
  // As the worker does, on its own connection.
  client = new Client({ connection: testbed.temporal.env.nativeConnection });
}, 60_000);

afterAll(async () => {
  await Promise.all(PERIODIC_WORKFLOWS.map(async ({ workflow }) => handleOf(workflow).delete()));
  await testbed?.drop();
});

const logger = createLogger('test', 'silent');

const housekeeping: PeriodicWorkflow = {
  workflow: 'housekeeping',
  summary: 'Test',
  everyMs: 7_200_000,
  jitterMs: 0,
  runTimeoutMs: 60_000,
};

function handleOf(workflow: string) {
  return client.schedule.getHandle(temporalScheduleId(workflow, testbed.temporal.taskQueue));
}

/** A client that runs `first` just before it calls a method of Temporal for the first time. */
function interrupting(real: Client, method: string, first: () => Promise<void>): Client {
  let done: Promise<void> | undefined;
  const service = new Proxy(real.workflowService, {
    get(target, name): unknown {
      const called: unknown = Reflect.get(target, name, target);
      if (name !== method || typeof called !== 'function') return called;
      return async (...args: unknown[]): Promise<unknown> => {
        done ??= first();
        await done;
        return Reflect.apply(called, target, args);
      };
    },
  });
  const connection = new Proxy(real.connection, {
    get: (target, name): unknown =>
      name === 'workflowService' ? service : Reflect.get(target, name, target),
  });
  return new Client({ ...real.options, connection });
}

async function ensure(schedules?: readonly PeriodicWorkflow[]): Promise<void> {
  await ensureTemporalSchedules(client, { taskQueue: testbed.temporal.taskQueue, logger }, schedules);
}

describe('the schedules', () => {
  it('exist after many workers have started at once', async () => {
    await Promise.all(Array.from({ length: 6 }, async () => ensure()));

    for (const { workflow, everyMs, summary } of PERIODIC_WORKFLOWS) {
      const { spec, policies, action } = await handleOf(workflow).describe();
      expect(spec.intervals).toEqual([{ every: everyMs }]);
      expect(policies).toMatchObject({ overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: everyMs });
      expect(action).toMatchObject({
        workflowType: workflow,
        taskQueue: testbed.temporal.taskQueue,
        staticSummary: summary,
      });
    }
  });

  it('are those of the version that started last; a schedule that an operator paused stays paused', async () => {
    await ensure();
    await handleOf('housekeeping').pause('Looking for a fault');
    // Temporal applies the pause a moment after its response.
    await eventually(async () => {
      expect((await handleOf('housekeeping').describe()).state.paused).toBe(true);
    });

    await ensure([housekeeping]);

    const { spec, state } = await handleOf('housekeeping').describe();
    expect(spec.intervals).toEqual([{ every: housekeeping.everyMs }]);
    expect(state).toMatchObject({ paused: true, note: 'Looking for a fault' });
    await handleOf('housekeeping').unpause();
  });

  it('keep a pause that an operator sets while a worker updates them', async () => {
    await ensure();
    const late = interrupting(client, 'updateSchedule', async () => {
      await handleOf('housekeeping').pause('Just in time');
      await eventually(async () => {
        expect((await handleOf('housekeeping').describe()).state.paused).toBe(true);
      });
    });

    await ensureTemporalSchedules(late, { taskQueue: testbed.temporal.taskQueue, logger }, [housekeeping]);

    const { spec, state } = await handleOf('housekeeping').describe();
    expect(spec.intervals).toEqual([{ every: housekeeping.everyMs }]);
    expect(state).toMatchObject({ paused: true, note: 'Just in time' });
    await handleOf('housekeeping').unpause();
  });

  it('start workflows that the worker runs', async () => {
    await ensure();
    await handleOf('housekeeping').trigger();

    const workflowId = await eventually(async () => {
      const { info } = await handleOf('housekeeping').describe();
      const [run] = info.recentActions;
      if (!run) throw new Error('nothing was started yet');
      return run.action.workflow.workflowId;
    });
    await expect(client.workflow.result(workflowId)).resolves.toEqual({
      status: 'SUCCEEDED',
      removed: Object.fromEntries(HOUSEKEEPING_SUBJECTS.map((subject) => [subject, 0])),
    });
  });

  it('are named in one line of the log each if Temporal rejects them, and nothing else happens', async () => {
    const warn = jest.spyOn(logger, 'warn');
    const elsewhere = new Client({
      connection: testbed.temporal.env.nativeConnection,
      namespace: 'not-ours',
    });

    await ensureTemporalSchedules(elsewhere, { taskQueue: 'refused', logger });

    expect(warn).toHaveBeenCalledTimes(PERIODIC_WORKFLOWS.length);
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ scheduleId: temporalScheduleId('housekeeping', 'refused') }),
      expect.any(String),
    );
  });
});
