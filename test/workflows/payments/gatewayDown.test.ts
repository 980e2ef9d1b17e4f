import { TOP_UP_WORKFLOW, topUpWorkflowId } from '../../../src/contract/ledger';
import { chargeSettlementWorkflowId } from '../../../src/contract/payments';
import type { topUp } from '../../../src/workflows';
import { eventually } from '../../support/eventually';
import { anAttempt, createUser, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const refused = { slug: 'payment-failed', members: { reason: 'gateway-unavailable' } };

describe('a payment while the gateway is known to be down', () => {
  it('fails without a look-up and without a wait, the points are returned, and the seats stay held', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('hold-back');
    testbed.gateway.unanswered.voids = Infinity;

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject(refused);

    expect(testbed.gateway.calls.filter((call) => !call.startsWith('void'))).toEqual([
      `charge ${attempt.paymentId}`,
    ]);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    testbed.gateway.unanswered.voids = 0;
  });

  it('can be made again when the gateway is back; the key of the first payment is blocked', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const first = anAttempt();
    testbed.gateway.script('hold-back');
    await expect(testbed.temporal.reservations.pay(reservationId, first)).rejects.toMatchObject(refused);

    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(testbed.gateway.calls).toContain(`void ${first.paymentId}`);
  });

  it('that a worker sent before it died is undone', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('hold-back-again');
    testbed.gateway.unanswered.voids = 3;

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject(refused);
    expect(await testbed.books.balance(userId)).toBe(PRICE);

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
  });
});

describe('a top-up while the gateway is known to be down', () => {
  it('fails at once; a separate workflow settles whether anything was charged', async () => {
    const userId = await createUser(testbed.database.owner);
    const { topUpId } = await testbed.requestTopUp(userId, 30_000);
    testbed.gateway.script('hold-back-again');
    testbed.gateway.unanswered.voids = 3;

    const handle = await testbed.temporal.env.client.workflow.start<typeof topUp>(TOP_UP_WORKFLOW, {
      workflowId: topUpWorkflowId(topUpId),
      taskQueue: testbed.temporal.taskQueue,
      args: [{ topUpId }],
    });

    expect(await handle.result()).toEqual({ topUpId, status: 'FAILED', reason: 'gateway-unavailable' });
    const settlement = testbed.temporal.env.client.workflow.getHandle(chargeSettlementWorkflowId(topUpId));
    await settlement.result();
    await eventually(async () => expect(testbed.gateway.taken(topUpId)).toBe(0));
    expect(await testbed.books.balance(userId)).toBe(0);
  });
});
