import { randomUUID } from 'node:crypto';
import { createActivities } from '../../../src/activities';
import type { PaymentStep } from '../../support/steps';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { chargeSettlementWorkflowId } from '../../../src/contract/payments';
import {
  GATEWAY_RECONCILIATION_WORKFLOW,
  gatewayReconciliationWorkflowId,
  RECONCILIATION_WORKFLOW,
} from '../../../src/contract/reconciliation';
import type { gatewayReconciliation, reconciliation } from '../../../src/workflows';
import { eventually } from '../../support/eventually';
import { BOOKING_FEE, PRICE } from '../../support/factories';
import { createPurchases, type Purchases } from '../../support/purchases';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;
let purchases: Purchases;

beforeAll(async () => {
  testbed = await createTestbed();
  purchases = createPurchases(testbed, createActivities(testbed.dependencies));
}, 60_000);

beforeEach(() => {
  // Everything is old enough to be compared.
  testbed.temporal.replaceActivity('beginReconciliation', (real) => async (...args) => {
    const run = await real(...args);
    return { ...run, settledBefore: new Date(Date.now() + 60_000).toISOString() };
  });
});

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

async function start() {
  return testbed.temporal.env.client.workflow.start<typeof gatewayReconciliation>(
    GATEWAY_RECONCILIATION_WORKFLOW,
    {
      workflowId: `reconciliation-${randomUUID()}`,
      taskQueue: testbed.temporal.taskQueue,
      args: ['sandbox'],
    },
  );
}

const reconcile = async () => (await start()).result();

async function statusOf(subject: string): Promise<string | undefined> {
  const row = await testbed.database
    .owner('differences')
    .where({ subject })
    .first<{ status: string } | undefined>('status');
  return row?.status;
}

async function aChargeWithoutSale(): Promise<PaymentStep> {
  const step = await purchases.failPayment(PRICE);
  testbed.gateway.captureLate(chargeOfPayment(step));
  return step;
}

describe('a run', () => {
  it('voids a charge that has no sale, and the next run finds the difference resolved', async () => {
    const { paymentId } = await aChargeWithoutSale();

    const first = await reconcile();

    expect(first).toMatchObject({ mended: 1 });
    expect(await statusOf(paymentId)).toBe('MENDING');
    await testbed.temporal.env.client.workflow.getHandle(chargeSettlementWorkflowId(paymentId)).result();
    expect(testbed.gateway.taken(paymentId)).toBe(0);
    expect(await reconcile()).toMatchObject({ mended: 0 });
    expect(await statusOf(paymentId)).toBe('RESOLVED');
  });

  it('ends a payment whose workflow is gone: it returns the points, frees the seats and voids the charge', async () => {
    const { paymentId, reservationId, userId } = await purchases.beginPayment(PRICE);

    await reconcile();

    await testbed.temporal.env.client.workflow.getHandle(chargeSettlementWorkflowId(paymentId)).result();
    expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'FAILED' });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(testbed.gateway.taken(paymentId)).toBe(0);
  });

  it('shows its progress, and what it has read', async () => {
    await purchases.buySeat(PRICE);

    const run = await start();

    const { lines, attempts } = await run.result();
    expect(lines).toBeGreaterThan(0);
    const metadata = await run.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toMatch(
      new RegExp(`^Done: ${lines} charges of sandbox and ${attempts} attempts from `),
    );
  });

  it('leaves a charge alone that is already being voided', async () => {
    const { paymentId } = await aChargeWithoutSale();
    testbed.gateway.unanswered.voids = 1_000;
    await reconcile();
    const settlement = testbed.temporal.env.client.workflow.getHandle(chargeSettlementWorkflowId(paymentId));
    await eventually(async () => expect((await settlement.describe()).status.name).toBe('RUNNING'));

    expect(await reconcile()).toMatchObject({ mended: 1 });

    testbed.gateway.unanswered.voids = 0;
    await settlement.result();
    expect(testbed.gateway.taken(paymentId)).toBe(0);
  });

  it('waits for a gateway that does not answer, and for a database that is down', async () => {
    await purchases.buySeat(0);
    let asked = 0;
    testbed.temporal.replaceActivity('readGatewayBook', (real) => async (run, cursor) => {
      asked += 1;
      if (asked <= 3) throw new Error('the gateway does not answer');
      return real(run, cursor);
    });
    let read = 0;
    // The number of failures is larger than the number of tries of a local activity.
    testbed.temporal.replaceActivity('compareAttempts', (real) => async (run, cursor) => {
      read += 1;
      if (read <= 6) throw new Error('connection refused');
      return real(run, cursor);
    });

    await expect(reconcile()).resolves.toMatchObject({ mended: 0 });
  });

  itWithSkippedTime('continues in a new history when it has many pages to read', async () => {
    const cursors: (string | null)[] = [];
    testbed.temporal.replaceActivity('readGatewayBook', (real) => async (run, cursor) => {
      cursors.push(cursor);
      const next = Number(cursor ?? 0) + 1;
      if (next <= 500) return { nextCursor: String(next), lines: 1, attempts: 0, money: 0, toMend: [] };
      return { ...(await real(run, null)), lines: 1 };
    });

    const run = await start();

    expect(await run.result()).toMatchObject({ lines: 501 });
    expect(cursors).toHaveLength(501);
    const { historyLength } = await testbed.temporal.env.client.workflow.getHandle(run.workflowId).describe();
    expect(historyLength).toBeLessThan(500);
  });

  it('begins to void at most a hundred charges', async () => {
    testbed.temporal.replaceActivity('compareAttempts', (real) => async (run, cursor) => {
      const strangers = Array.from({ length: 60 }, () => ({
        kind: 'PAYMENT' as const,
        attemptId: randomUUID(),
      }));
      const page = await real(run, null);
      return { ...page, toMend: strangers, nextCursor: cursor === null ? 'more' : null };
    });

    expect(await reconcile()).toMatchObject({ mended: 100 });
  });
});

describe('several gateways', () => {
  it('are compared in parallel: one that does not answer delays no other, and its run is started once', async () => {
    const { client } = testbed.temporal.env;
    const { taskQueue } = testbed.temporal;
    let isAway = true;
    testbed.temporal.replaceActivity('listReconciliations', (real) => async () => {
      const workflowId = gatewayReconciliationWorkflowId('toss', taskQueue);
      return [...(await real()), { gateway: 'toss', workflowId }];
    });
    testbed.temporal.replaceActivity('readGatewayBook', (real) => async (run, cursor) => {
      if (run.gateway === 'sandbox') return real(run, cursor);
      if (isAway) throw new Error('the gateway does not answer');
      return { nextCursor: null, lines: 0, attempts: 0, money: 0, toMend: [] };
    });
    const runOf = (gateway: string) =>
      client.workflow.getHandle(gatewayReconciliationWorkflowId(gateway, taskQueue));
    const byTheClock = async () =>
      client.workflow.execute<typeof reconciliation>(RECONCILIATION_WORKFLOW, {
        workflowId: `by-the-clock-${randomUUID()}`,
        taskQueue,
      });

    expect(await byTheClock()).toEqual({ status: 'SUCCEEDED', gateways: ['sandbox', 'toss'] });
    expect(await runOf('sandbox').result()).toMatchObject({ status: 'SUCCEEDED' });
    const { runId } = await runOf('toss').describe();
    await byTheClock();
    await runOf('sandbox').result();

    expect(await runOf('toss').describe()).toMatchObject({ runId, status: { name: 'RUNNING' } });
    isAway = false;
    expect(await runOf('toss').result()).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('the money that a run compares', () => {
  it('is all that was paid by card', async () => {
    const before = await reconcile();
    await purchases.buySeat(PRICE);

    const { money } = await reconcile();

    // The points were bought by card before, the fee is paid by card now.
    expect(money - before.money).toBe(PRICE + BOOKING_FEE);
  });
});
