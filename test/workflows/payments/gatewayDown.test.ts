import { TOP_UP_WORKFLOW, topUpWorkflowId } from '../../../src/contract/ledger';
import { chargeSettlementWorkflowId } from '../../../src/contract/payments';
import type { topUp } from '../../../src/workflows';
import { eventually } from '../../support/eventually';
import { anAttempt, createUser, PRICE } from '../../support/factories';
import { holdOnStage } from '../../support/holdOnStage';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

const refused = { slug: 'payment-failed', members: { reason: 'gateway-unavailable' } };

describe('a payment while the gateway is known to be down', () => {
  it('fails without a look-up and without a wait, the points are returned, and the seats stay held', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('hold-back');
    stage.gateway.unanswered.voids = Infinity;

    await expect(stage.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject(refused);

    expect(stage.gateway.calls.filter((call) => !call.startsWith('void'))).toEqual([
      `charge ${attempt.paymentId}`,
    ]);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
    stage.gateway.unanswered.voids = 0;
  });

  it('can be made again when the gateway is back; the key of the first payment is blocked', async () => {
    const { reservationId } = await holdOnStage(stage);
    const first = anAttempt();
    stage.gateway.script('hold-back');
    await expect(stage.temporal.reservations.pay(reservationId, first)).rejects.toMatchObject(refused);

    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(stage.gateway.calls).toContain(`void ${first.paymentId}`);
  });

  it('that a worker sent before it died is undone', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('hold-back-again');
    stage.gateway.unanswered.voids = 3;

    await expect(stage.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject(refused);
    expect(await stage.books.balance(userId)).toBe(PRICE);

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
  });
});

describe('a top-up while the gateway is known to be down', () => {
  it('fails at once; a separate workflow settles whether anything was charged', async () => {
    const userId = await createUser(stage.database.owner);
    const { topUpId } = await stage.requestTopUp(userId, 30_000);
    stage.gateway.script('hold-back-again');
    stage.gateway.unanswered.voids = 3;

    const handle = await stage.temporal.env.client.workflow.start<typeof topUp>(TOP_UP_WORKFLOW, {
      workflowId: topUpWorkflowId(topUpId),
      taskQueue: stage.temporal.taskQueue,
      args: [{ topUpId }],
    });

    expect(await handle.result()).toEqual({ topUpId, status: 'FAILED', reason: 'gateway-unavailable' });
    const settlement = stage.temporal.env.client.workflow.getHandle(chargeSettlementWorkflowId(topUpId));
    await settlement.result();
    await eventually(async () => expect(stage.gateway.taken(topUpId)).toBe(0));
    expect(await stage.books.balance(userId)).toBe(0);
  });
});
