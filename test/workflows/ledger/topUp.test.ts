import { randomUUID } from 'node:crypto';
import { createActivities } from '../../../src/activities';
import type { TopUp } from '../../../src/db/ledger/topUpStore';
import { TOP_UP_WORKFLOW, topUpWorkflowId, type TopUpInput } from '../../../src/contract/ledger';
import type { topUp } from '../../../src/workflows';
import { createUser } from '../../support/factories';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';

const AMOUNT = 30_000;

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

async function aTopUp(): Promise<TopUp> {
  return testbed.requestTopUp(await createUser(testbed.database.owner), AMOUNT);
}

function start({ topUpId }: TopUpInput) {
  return testbed.temporal.env.client.workflow.start<typeof topUp>(TOP_UP_WORKFLOW, {
    workflowId: topUpWorkflowId(topUpId),
    taskQueue: testbed.temporal.taskQueue,
    args: [{ topUpId }],
  });
}

async function run(input: TopUpInput) {
  const handle = await start(input);
  return handle.result();
}

describe('a top-up', () => {
  it('that is approved puts the points into the wallet, once', async () => {
    const input = await aTopUp();

    expect(await run(input)).toEqual({ topUpId: input.topUpId, status: 'SUCCEEDED', balance: AMOUNT });

    expect(await testbed.books.balance(input.userId)).toBe(AMOUNT);
    expect(testbed.gateway.taken(input.topUpId)).toBe(AMOUNT);
  });

  it('that is declined changes nothing', async () => {
    const input = await aTopUp();
    testbed.gateway.script('decline');

    expect(await run(input)).toEqual({ topUpId: input.topUpId, status: 'FAILED', reason: 'card-declined' });

    expect(await testbed.books.balance(input.userId)).toBe(0);
    expect(testbed.gateway.takenInAll()).toBe(await testbed.books.owedByGateway());
  });

  itWithSkippedTime('whose charge got no response is credited when the charge is found', async () => {
    const input = await aTopUp();
    testbed.gateway.script('lose-approval');
    testbed.gateway.unanswered.lookUps = 5;

    expect(await run(input)).toMatchObject({ status: 'SUCCEEDED', balance: AMOUNT });

    expect(testbed.gateway.calls.filter((call) => call.startsWith('charge'))).toHaveLength(1);
    expect(await testbed.books.balance(input.userId)).toBe(AMOUNT);
  });

  itWithSkippedTime('whose charge is never found is voided, and fails', async () => {
    const input = await aTopUp();
    testbed.gateway.script('lose-approval');
    testbed.gateway.unanswered.lookUps = Infinity;

    expect(await run(input)).toMatchObject({ status: 'FAILED', reason: 'no-answer' });

    expect(testbed.gateway.calls.at(-1)).toBe(`void ${input.topUpId}`);
    expect(testbed.gateway.taken(input.topUpId)).toBe(0);
    expect(await testbed.books.balance(input.userId)).toBe(0);
  });

  it('whose credit fails is tried until it succeeds, and is credited once', async () => {
    const input = await aTopUp();
    let tries = 0;
    testbed.temporal.replaceActivity('creditTopUp', (real) => async (credit) => {
      tries += 1;
      if (tries < 4) throw new Error('Postgres is away');
      const balance = await real(credit);
      if (tries < 8) throw new Error('the answer was lost');
      return balance;
    });

    expect(await run(input)).toMatchObject({ status: 'SUCCEEDED', balance: AMOUNT });

    expect(tries).toBe(8);
    expect(await testbed.books.balance(input.userId)).toBe(AMOUNT);
  });

  it('is not interrupted when its workflow is cancelled', async () => {
    const input = await aTopUp();
    testbed.gateway.script('fail');
    testbed.gateway.duringLookUp(
      () => void testbed.temporal.env.client.workflow.getHandle(topUpWorkflowId(input.topUpId)).cancel(),
    );

    expect(await run(input)).toMatchObject({ status: 'SUCCEEDED', balance: AMOUNT });
  });
});

describe('another run of the steps of a top-up', () => {
  it('may have credited it: then this run reports it as made, whatever its own steps returned', async () => {
    const input = await aTopUp();
    const other = createActivities(testbed.dependencies);
    testbed.gateway.script('hold-back');
    // The circuit to the gateway has opened since. The first run of the step had charged, and credits only now.
    testbed.temporal.replaceActivity('failTopUp', (real) => async (...args) => {
      await testbed.gateway.charge(await other.openTopUp(input.topUpId));
      await other.creditTopUp({ topUpId: input.topUpId, gatewayPaymentId: 'other' });
      return real(...args);
    });

    expect(await run(input)).toEqual({ topUpId: input.topUpId, status: 'SUCCEEDED', balance: AMOUNT });

    expect(testbed.gateway.taken(input.topUpId)).toBe(AMOUNT);
  });

  it('may have closed it: then the charge of this run is refunded', async () => {
    const input = await aTopUp();
    const other = createActivities(testbed.dependencies);
    testbed.temporal.replaceActivity('creditTopUp', (real) => async (credit) => {
      await other.failTopUp(input.topUpId, 'abandoned', true);
      return real(credit);
    });

    expect(await run(input)).toMatchObject({ status: 'FAILED' });

    expect(testbed.gateway.taken(input.topUpId)).toBe(0);
    expect(await testbed.books.balance(input.userId)).toBe(0);
  });

  it('after its workflow was terminated continues from the row', async () => {
    const input = await aTopUp();
    await testbed.temporal.stopWorker();
    const first = await start(input);
    await first.terminate('by mistake');
    await testbed.temporal.startWorker();

    expect(await run(input)).toMatchObject({ status: 'SUCCEEDED', balance: AMOUNT });
  });
});

describe('a top-up without a request', () => {
  it('charges nothing', async () => {
    expect(await run({ topUpId: randomUUID() })).toMatchObject({
      status: 'FAILED',
      reason: 'unknown-top-up',
    });

    expect(testbed.gateway.calls).toEqual([]);
  });
});
