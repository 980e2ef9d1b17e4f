import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { HOUSEKEEPING_SUBJECTS } from '../../../src/activities/operations/housekeeping';
import type { housekeeping } from '../../../src/workflows';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const KEYS = 2_500;
const NOTHING = Object.fromEntries(HOUSEKEEPING_SUBJECTS.map((subject) => [subject, 0]));

async function someOldKeys(): Promise<void> {
  await testbed.database.owner.raw(
    `INSERT INTO idempotency_keys (user_id, route, key, body_hash, used_at)
     SELECT gen_random_uuid(), 'POST /v1/payments', number, '', now() - interval '3 days'
       FROM generate_series(1, ?) AS number`,
    [KEYS],
  );
}

async function start() {
  return testbed.temporal.env.client.workflow.start<typeof housekeeping>('housekeeping', {
    workflowId: `housekeeping-${randomUUID()}`,
    taskQueue: testbed.temporal.taskQueue,
    args: [{ subjects: HOUSEKEEPING_SUBJECTS }],
  });
}

async function keysLeft(): Promise<number> {
  const rows = await testbed.database.owner('idempotency_keys').select('key');
  return rows.length;
}

describe('housekeeping', () => {
  it('removes everything old in batches, and reports what it removed', async () => {
    await someOldKeys();

    const run = await start();

    await expect(run.result()).resolves.toEqual({
      status: 'SUCCEEDED',
      removed: { ...NOTHING, 'idempotency keys': KEYS },
    });
    expect(await keysLeft()).toBe(0);
    const metadata = await run.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toBe(
      `Removed ${KEYS} idempotency keys, 0 refresh tokens, 0 gateway messages, 0 notifications, 0 unpaid reservations.`,
    );
  });

  it('waits for a database that is down for a while', async () => {
    await someOldKeys();
    let failures = 6;
    testbed.temporal.replaceActivity('removeOld', (real) => async (...args) => {
      if (failures-- > 0) throw new Error('connection refused');
      return real(...args);
    });

    await expect((await start()).result()).resolves.toMatchObject({
      removed: { 'idempotency keys': KEYS },
    });
  });

  itWithSkippedTime(
    'continues with the other subjects if one fails permanently, and then fails itself',
    async () => {
      const turns: string[] = [];
      testbed.temporal.replaceActivity('removeOld', (real) => async (subject, limit) => {
        if (subject === 'idempotency keys') throw new Error('permission denied');
        turns.push(subject);
        return real(subject, limit);
      });

      await expect((await start()).result()).rejects.toThrow(WorkflowFailedError);

      expect(turns).toEqual(HOUSEKEEPING_SUBJECTS.filter((subject) => subject !== 'idempotency keys'));
    },
  );
});
