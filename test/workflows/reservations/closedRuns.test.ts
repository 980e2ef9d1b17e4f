import { randomUUID } from 'node:crypto';
import { createReceiveEvent } from '../../../src/api/payments/webhooks/receiveEvent';
import { createTopUpWorkflows } from '../../../src/api/ledger/topUpWorkflows';
import { createDrawStore } from '../../../src/db/openings/drawStore';
import { topUpWorkflowId } from '../../../src/contract/ledger';
import { SALE_OPENING_WORKFLOW, saleOpeningWorkflowId } from '../../../src/contract/openings';
import { CHARGE_SETTLEMENT_WORKFLOW, chargeSettlementWorkflowId } from '../../../src/contract/payments';
import type { chargeSettlement, saleOpening } from '../../../src/workflows';
import { buyNewSale } from '../../support/buyNewSale';
import { cancelledShows, type CancelledShows } from '../../support/cancelledShows';
import { eventually } from '../../support/eventually';
import { anAttempt, BOOKING_FEE, createUser, KEEPS_30_PERCENT, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { announceSale } from '../../support/opening';
import { BY_POINTS_AND_CARD, createSoldShow } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';

/*
 * What a second call does after the run that the first call started has closed. The suite uses the real server: if a
 * closed run has completed the update id of an update-with-start, the server returns the result of this run, and starts
 * nothing. The time-skipping server starts a new run.
 */
let testbed: Testbed;
let shows: CancelledShows;

beforeAll(async () => {
  testbed = await createTestbed('real');
  shows = cancelledShows(testbed);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const runIdOf = async (workflowId: string): Promise<string> =>
  (await testbed.temporal.env.client.workflow.getHandle(workflowId).describe()).runId;

const aSale = async () => buyNewSale(testbed, { points: 20_000, cancellationPolicy: KEEPS_30_PERCENT });
/** The part of the card payment of such a sale that the house keeps. */
const KEPT = PRICE + BOOKING_FEE - 20_000 - 15_000;

const makeTopUp = async (topUp: Awaited<ReturnType<Testbed['requestTopUp']>>) => {
  const { env, taskQueue } = testbed.temporal;
  return createTopUpWorkflows(env.client, { taskQueue }).make(topUp);
};

describe('the cancellation of a show', () => {
  it('that was terminated continues in a new run when it is requested again', async () => {
    const { owner } = testbed.database;
    const { scheduleId } = await createSoldShow(owner, testbed.gateway, 3, [BY_POINTS_AND_CARD]);
    const first = await shows.cancel(scheduleId, { paused: true });
    const { runId } = await first.describe();
    await first.terminate('by mistake');

    const again = await shows.cancel(scheduleId);

    await shows.adjust(scheduleId, { paused: false });
    expect(await again.result()).toMatchObject({ counts: { reservations: 3, refunded: 3 } });
    expect((await again.describe()).runId).not.toBe(runId);
  });

  it('that is done runs again when it is requested again, and refunds no customer twice', async () => {
    const { owner } = testbed.database;
    const { scheduleId, sold } = await createSoldShow(owner, testbed.gateway, 2, [BY_POINTS_AND_CARD]);
    await (await shows.cancel(scheduleId)).result();

    const again = await shows.cancel(scheduleId);

    expect(await again.result()).toMatchObject({ status: 'DONE', counts: { refunded: 2 } });
    for (const { userId, paymentId, points } of sold) {
      expect(await testbed.books.balance(userId)).toBe(points);
      expect(testbed.gateway.taken(paymentId)).toBe(0);
    }
  });
});

describe('a cancellation', () => {
  it('that was terminated with its refund under way continues when the same request comes again', async () => {
    const { reservationId, paymentId } = await aSale();
    const cancellationId = await testbed.requestCancellation(reservationId);
    testbed.gateway.scriptRefunds('refuse');
    await testbed.temporal.decide(cancellationId);
    await testbed.temporal.cancellation(cancellationId).terminate('by mistake');
    expect(await testbed.books.refund(reservationId)).toMatchObject({ status: 'PENDING' });

    await testbed.temporal.decide(cancellationId);

    await eventually(async () =>
      expect(await testbed.books.refund(reservationId)).toMatchObject({ status: 'DONE', attempts: 2 }),
    );
    expect(testbed.gateway.taken(paymentId)).toBe(KEPT);
  });

  it('that was terminated before it was decided is decided when the same request comes again', async () => {
    const { reservationId } = await aSale();
    const cancellationId = await testbed.requestCancellation(reservationId);
    await testbed.temporal.stopWorker();
    const asking = testbed.temporal.decide(cancellationId).catch(() => 'lost');
    await eventually(async () => testbed.temporal.cancellation(cancellationId).terminate('by mistake'));
    expect(await asking).toBe('lost');
    await testbed.temporal.startWorker();

    await testbed.temporal.decide(cancellationId);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
    await testbed.temporal.cancellation(cancellationId).result();
  });

  it('that is done returns the same result when the same request comes again, and refunds once', async () => {
    const { reservationId, paymentId } = await aSale();
    const cancellationId = await testbed.requestCancellation(reservationId);
    await testbed.temporal.decide(cancellationId);
    const first = await testbed.temporal.cancellation(cancellationId).result();

    await testbed.temporal.decide(cancellationId);

    expect(await testbed.temporal.cancellation(cancellationId).result()).toEqual(first);
    expect(testbed.gateway.taken(paymentId)).toBe(KEPT);
  });
});

describe('a top-up', () => {
  it('that was terminated is made when it is requested again', async () => {
    const topUp = await testbed.requestTopUp(await createUser(testbed.database.owner), 30_000);
    await testbed.temporal.stopWorker();
    const asking = makeTopUp(topUp).catch(() => 'lost');
    const handle = testbed.temporal.env.client.workflow.getHandle(topUpWorkflowId(topUp.topUpId));
    await eventually(async () => handle.terminate('by mistake'));
    expect(await asking).toBe('lost');
    await testbed.temporal.startWorker();

    expect(await makeTopUp(topUp)).toMatchObject({ status: 'SUCCEEDED', balance: 30_000 });
  });

  it('that is made is reported again, and charged once', async () => {
    const topUp = await testbed.requestTopUp(await createUser(testbed.database.owner), 30_000);
    const first = await makeTopUp(topUp);

    expect(await makeTopUp(topUp)).toEqual(first);

    expect(testbed.gateway.taken(topUp.topUpId)).toBe(30_000);
    expect(await testbed.books.balance(topUp.userId)).toBe(30_000);
  });
});

describe('the settlement of a charge', () => {
  it('checks the charge again when the gateway sends another message, or reconciliation finds the charge again', async () => {
    const { env, taskQueue } = testbed.temporal;
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('decline');
    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
    });
    const receive = createReceiveEvent({ db: testbed.database.db, temporal: env.client, taskQueue });
    const message = { kind: 'event', type: 'charge.captured', gatewayPaymentId: null } as const;
    const receiveOne = async () =>
      receive('sandbox', { ...message, eventId: randomUUID(), idempotencyKey: attempt.paymentId });
    const handle = env.client.workflow.getHandle<typeof chargeSettlement>(
      chargeSettlementWorkflowId(attempt.paymentId),
    );
    expect(await receiveOne()).toBe('SETTLEMENT');
    expect(await handle.result()).toEqual({ status: 'GIVEN_BACK' });
    const runId = await runIdOf(handle.workflowId);

    expect(await receiveOne()).toBe('SETTLEMENT');

    expect(await handle.result()).toEqual({ status: 'GIVEN_BACK' });
    expect(await runIdOf(handle.workflowId)).not.toBe(runId);
    const args: [{ kind: 'PAYMENT'; attemptId: string }] = [
      { kind: 'PAYMENT', attemptId: attempt.paymentId },
    ];
    const again = env.client.workflow.execute<typeof chargeSettlement>(CHARGE_SETTLEMENT_WORKFLOW, {
      workflowId: handle.workflowId,
      taskQueue,
      args,
    });
    expect(await again).toEqual({ status: 'GIVEN_BACK' });
    await testbed.temporal.reservations.release(reservationId);
  });
});

describe('a reservation', () => {
  it('that is paid returns the same payment again, and accepts no other', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    const paid = await testbed.temporal.reservations.pay(reservationId, attempt);
    await testbed.temporal.handle(reservationId).result();

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toEqual(paid);

    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toBeNull();
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that was released ignores a second release', async () => {
    const { reservationId } = await holdNewSale(testbed);
    await testbed.temporal.reservations.release(reservationId);
    await testbed.temporal.handle(reservationId).result();

    expect(await testbed.temporal.reservations.release(reservationId)).toBe(false);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
  });
});

describe('the opening of a sale', () => {
  it('that is done keeps its order when its schedule is triggered again', async () => {
    const { env, taskQueue } = testbed.temporal;
    const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt: new Date() });
    const open = async () =>
      env.client.workflow.execute<typeof saleOpening>(SALE_OPENING_WORKFLOW, {
        workflowId: saleOpeningWorkflowId(scheduleId),
        taskQueue,
        args: [{ scheduleId }],
      });
    const draws = createDrawStore(testbed.database.db);
    expect(await open()).toMatchObject({ status: 'OPENED' });
    const before = await draws.find(scheduleId);

    expect(await open()).toMatchObject({ status: 'OPENED' });

    expect(await draws.find(scheduleId)).toEqual(before);
  });
});
