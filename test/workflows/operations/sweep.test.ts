import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, type Activities } from '../../../src/activities';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import type { sweep } from '../../../src/workflows';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { saleOpeningWorkflowId } from '../../../src/contract/openings';
import { buyNewSale } from '../../support/buyNewSale';
import { cancelledShows } from '../../support/cancelledShows';
import { eventually } from '../../support/eventually';
import { anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { announceSale } from '../../support/opening';
import { BY_POINTS_AND_CARD, createSoldShow } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';
import { aGrant, anEnd, type PaymentStep } from '../../support/steps';

let testbed: Testbed;
let activities: Activities;

beforeAll(async () => {
  testbed = await createTestbed('real');
  activities = createActivities(testbed.dependencies);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

async function runSweep() {
  return testbed.temporal.env.client.workflow.execute<typeof sweep>('sweep', {
    workflowId: `sweep-${randomUUID()}`,
    taskQueue: testbed.temporal.taskQueue,
  });
}

/** A hold that no workflow owns. */
async function aStrandedHold() {
  const { owner } = testbed.database;
  const sale = await createSale(owner);
  const hold = aGrant(sale, await createUser(owner, PRICE), sale.seatIds);
  await testbed.grant(hold);
  return { sale, hold };
}

/** Puts the end of a hold into the past, by more than a workflow ever needs. */
async function letPass(reservationId: string): Promise<void> {
  await testbed.letExpire(reservationId);
  await testbed.database.owner.raw(
    `UPDATE reservations SET expires_at = expires_at - interval '16 s' WHERE id = ?`,
    [reservationId],
  );
}

const statusOf = async (reservationId: string) => testbed.books.reservationStatus(reservationId);

describe('the sweep', () => {
  it('ends a hold that no workflow owns, and puts its seat back on sale', async () => {
    const { sale, hold } = await aStrandedHold();
    await letPass(hold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await eventually(async () => expect(await statusOf(hold.reservationId)).toBe('EXPIRED'));
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  const FAR: [string, (step: PaymentStep) => Promise<unknown>][] = [
    ['PAYING', async () => undefined],
    ['PAYING, with its card charged', async (step) => testbed.gateway.charge(chargeOfPayment(step))],
    [
      'SETTLING',
      async (step) => {
        await testbed.gateway.charge(chargeOfPayment(step));
        await activities.markSettling(step.paymentId);
      },
    ],
  ];
  it.each(FAR)('ends a reservation that is %s, and returns points and card money', async (_case, goOn) => {
    const { sale, hold } = await aStrandedHold();
    const step = await testbed.request(hold);
    await activities.openPayment(step.paymentId);
    await goOn(step);
    await letPass(hold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await testbed.temporal.handle(hold.reservationId).result();
    expect(await statusOf(hold.reservationId)).toBe('EXPIRED');
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await testbed.books.balance(hold.userId)).toBe(PRICE);
    expect(testbed.gateway.taken(step.paymentId)).toBe(0);
  });

  it('ends a hold whose workflow an operator has terminated', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    await testbed.temporal.handle(reservationId).terminate('by mistake');
    await letPass(reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await eventually(async () => expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE'));
  });

  it('leaves alone a hold that a workflow owns, a hold that has just expired, and a sold reservation', async () => {
    const owned = await holdNewSale(testbed, { holdSeconds: 300 });
    await letPass(owned.reservationId);
    const young = await aStrandedHold();
    await testbed.letExpire(young.hold.reservationId);
    const sold = await holdNewSale(testbed);
    await testbed.temporal.reservations.pay(sold.reservationId, anAttempt());
    await letPass(sold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 0 });

    expect(await statusOf(owned.reservationId)).toBe('HELD');
    expect(await statusOf(young.hold.reservationId)).toBe('HELD');
    expect(await statusOf(sold.reservationId)).toBe('CONFIRMED');
    await testbed.temporal.reservations.release(owned.reservationId);
    await activities.endHold({ reservationId: young.hold.reservationId, status: 'RELEASED' });
  });

  it('does not count a hold that its own workflow ends while the sweep is at another one', async () => {
    const [first, second] = [(await aStrandedHold()).hold, (await aStrandedHold()).hold];
    for (const { reservationId } of [first, second]) await letPass(reservationId);
    const { client } = testbed.temporal.env;
    const start = client.workflow.start.bind(client.workflow);
    const started = jest.spyOn(client.workflow, 'start').mockImplementation(async (type, options) => {
      await activities.endHold(anEnd(second, 'EXPIRED'));
      return start(type, options);
    });
    const { taskQueue } = testbed.temporal;
    const environment = new MockActivityEnvironment({ taskQueue }, { client });

    const page = await environment.run(activities.adoptStranded, null);

    started.mockRestore();
    expect(page).toEqual({ last: null, adopted: 1 });
    await testbed.temporal.handle(first.reservationId).result();
    await expect(testbed.temporal.handle(second.reservationId).describe()).rejects.toThrow('not found');
  });

  it('counts what it finds, page by page', async () => {
    const counted: number[] = [];
    const counting = createActivities({
      ...testbed.dependencies,
      stranded: (count) => void counted.push(count),
    });
    testbed.temporal.replaceActivity('adoptStranded', () => async (after) => counting.adoptStranded(after));
    const sale = await createSale(testbed.database.owner, { seats: 50, maxSeatsPerUser: 50 });
    const userId = await createUser(testbed.database.owner);
    for (const seatId of sale.seatIds) {
      const hold = aGrant(sale, userId, [seatId]);
      await testbed.grant(hold);
      await letPass(hold.reservationId);
    }

    expect(await runSweep()).toMatchObject({ adopted: 50 });

    expect(counted).toEqual([20, 20, 10]);
    await eventually(async () =>
      expect(await testbed.books.seat(sale.seatIds.at(-1) ?? '')).toBe('AVAILABLE'),
    );
  }, 60_000);

  it('withdraws a payment and a top-up that no workflow has begun within ten minutes', async () => {
    const { hold } = await aStrandedHold();
    const [old, young] = [await testbed.request(hold), await testbed.request(hold)];
    const topUp = await testbed.requestTopUp(hold.userId, 10_000);
    const { owner } = testbed.database;
    const longAgo = { created_at: new Date(Date.now() - 11 * 60_000) };
    await owner('payments').where({ id: old.paymentId }).update(longAgo);
    await owner('top_ups').where({ id: topUp.topUpId }).update(longAgo);

    expect(await runSweep()).toMatchObject({ withdrawn: 2 });

    await expect(activities.openPayment(old.paymentId)).rejects.toMatchObject({ slug: 'payment-failed' });
    await expect(activities.openTopUp(topUp.topUpId)).rejects.toMatchObject({ slug: 'payment-failed' });
    await expect(activities.openPayment(young.paymentId)).resolves.toMatchObject({
      amount: { card: BOOKING_FEE },
    });
    await activities.failPayment({ paymentId: young.paymentId, reason: 'test', mayBeCharged: false });
    await activities.endHold({ reservationId: hold.reservationId, status: 'RELEASED' });
  });
});

describe('the sweep gives a new workflow', () => {
  const LONG_AGO_MS = 5 * 60_000;
  const longAgo = () => new Date(Date.now() - LONG_AGO_MS);

  it('to a cancellation without a decision, and leaves alone one that is withdrawn', async () => {
    const { owner } = testbed.database;
    const [left, withdrawn] = [await buyNewSale(testbed), await buyNewSale(testbed)];
    const cancellationId = await testbed.requestCancellation(left.reservationId);
    await createCancellationRequestStore(testbed.database.db).withdraw(
      await testbed.requestCancellation(withdrawn.reservationId),
    );
    await owner('cancellation_requests').update({ requested_at: longAgo() });

    expect(await runSweep()).toMatchObject({ cancellations: 1 });

    expect(await testbed.temporal.cancellation(cancellationId).result()).toMatchObject({
      status: 'CANCELLED',
    });
    expect(await statusOf(withdrawn.reservationId)).toBe('CONFIRMED');
    expect(await runSweep()).toMatchObject({ cancellations: 0 });
  });

  it('to a cancelled show that is not refunded', async () => {
    const { owner } = testbed.database;
    const shows = cancelledShows(testbed);
    const { scheduleId } = await createSoldShow(owner, testbed.gateway, 2, [BY_POINTS_AND_CARD]);
    await shows.record(scheduleId);
    await owner('schedules').where({ id: scheduleId }).update({ cancelled_at: longAgo() });

    expect(await runSweep()).toMatchObject({ shows: 1 });

    expect(await shows.handle(scheduleId).result()).toMatchObject({ counts: { refunded: 2 } });
    expect(await runSweep()).toMatchObject({ shows: 0 });
  });

  it('to a sale that should be open', async () => {
    const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt: longAgo() });

    expect(await runSweep()).toMatchObject({ openings: 1 });

    await testbed.temporal.env.client.workflow.getHandle(saleOpeningWorkflowId(scheduleId)).result();
    expect(await runSweep()).toMatchObject({ openings: 0 });
  });
});

describe('a reservation whose workflow was terminated', () => {
  it('can be paid before the sweep runs', async () => {
    const { reservationId, held } = await holdNewSale(testbed, { holdSeconds: 300 });
    await testbed.temporal.handle(reservationId).terminate('by mistake');
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toBeNull();

    const reservation = { ...held, userId: '', room: 'service', status: 'HELD' as const, endedAt: null };
    await testbed.temporal.reservations.adopt({
      ...reservation,
      heldAt: new Date(held.heldAt),
      expiresAt: new Date(held.expiresAt),
    });

    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });
});
