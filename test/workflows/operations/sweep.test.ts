import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import type { sweep } from '../../../src/workflows';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { saleOpeningWorkflowId } from '../../../src/contract/openings';
import { buyOnStage } from '../../support/buyOnStage';
import { cancelledShows } from '../../support/cancelledShows';
import { eventually } from '../../support/eventually';
import { anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { holdOnStage } from '../../support/holdOnStage';
import { announceSale } from '../../support/opening';
import { BY_POINTS_AND_CARD, createSoldShow } from '../../support/soldShow';
import { buildStage, type Stage } from '../../support/stage';
import { aGrant, type PaymentStep } from '../../support/steps';

let stage: Stage;
let activities: Activities;

beforeAll(async () => {
  stage = await buildStage('real');
  activities = createActivities(stage.dependencies);
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

async function runSweep() {
  return stage.temporal.env.client.workflow.execute<typeof sweep>('sweep', {
    workflowId: `sweep-${randomUUID()}`,
    taskQueue: stage.temporal.taskQueue,
  });
}

/** A hold that no workflow owns. */
async function aStrandedHold() {
  const { owner } = stage.database;
  const sale = await createSale(owner);
  const hold = aGrant(sale, await createUser(owner, PRICE), sale.seatIds);
  await stage.grant(hold);
  return { sale, hold };
}

/** Puts the end of a hold into the past, by more than a workflow ever needs. */
async function letPass(reservationId: string): Promise<void> {
  await stage.letExpire(reservationId);
  await stage.database.owner.raw(
    `UPDATE reservations SET expires_at = expires_at - interval '16 s' WHERE id = ?`,
    [reservationId],
  );
}

const statusOf = async (reservationId: string) => stage.books.reservationStatus(reservationId);

describe('the sweep', () => {
  it('ends a hold that no workflow owns, and puts its seat back on sale', async () => {
    const { sale, hold } = await aStrandedHold();
    await letPass(hold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await eventually(async () => expect(await statusOf(hold.reservationId)).toBe('EXPIRED'));
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  const FAR: [string, (step: PaymentStep) => Promise<unknown>][] = [
    ['PAYING', async () => undefined],
    ['PAYING, with its card charged', async (step) => stage.gateway.charge(chargeOfPayment(step))],
    [
      'SETTLING',
      async (step) => {
        await stage.gateway.charge(chargeOfPayment(step));
        await activities.markSettling(step.paymentId);
      },
    ],
  ];
  it.each(FAR)('ends a reservation that is %s, and returns points and card money', async (_case, goOn) => {
    const { sale, hold } = await aStrandedHold();
    const step = await stage.request(hold);
    await activities.openPayment(step.paymentId);
    await goOn(step);
    await letPass(hold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await stage.temporal.handle(hold.reservationId).result();
    expect(await statusOf(hold.reservationId)).toBe('EXPIRED');
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await stage.books.balance(hold.userId)).toBe(PRICE);
    expect(stage.gateway.taken(step.paymentId)).toBe(0);
  });

  it('ends a hold whose workflow an operator has terminated', async () => {
    const { sale, reservationId } = await holdOnStage(stage);
    await stage.temporal.handle(reservationId).terminate('by mistake');
    await letPass(reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 1 });

    await eventually(async () => expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE'));
  });

  it('leaves alone a hold that a workflow owns, a hold that has just expired, and a sold reservation', async () => {
    const owned = await holdOnStage(stage, { holdSeconds: 300 });
    await letPass(owned.reservationId);
    const young = await aStrandedHold();
    await stage.letExpire(young.hold.reservationId);
    const sold = await holdOnStage(stage);
    await stage.temporal.reservations.pay(sold.reservationId, anAttempt());
    await letPass(sold.reservationId);

    expect(await runSweep()).toMatchObject({ adopted: 0 });

    expect(await statusOf(owned.reservationId)).toBe('HELD');
    expect(await statusOf(young.hold.reservationId)).toBe('HELD');
    expect(await statusOf(sold.reservationId)).toBe('CONFIRMED');
    await stage.temporal.reservations.release(owned.reservationId);
    await activities.endHold({ reservationId: young.hold.reservationId, status: 'RELEASED' });
  });

  it('counts what it finds, page by page', async () => {
    const counted: number[] = [];
    const counting = createActivities({
      ...stage.dependencies,
      stranded: (count) => void counted.push(count),
    });
    stage.temporal.replaceActivity('adoptStranded', () => async (after) => counting.adoptStranded(after));
    const sale = await createSale(stage.database.owner, { seats: 50, maxSeatsPerUser: 50 });
    const userId = await createUser(stage.database.owner);
    for (const seatId of sale.seatIds) {
      const hold = aGrant(sale, userId, [seatId]);
      await stage.grant(hold);
      await letPass(hold.reservationId);
    }

    expect(await runSweep()).toMatchObject({ adopted: 50 });

    expect(counted).toEqual([20, 20, 10]);
    await eventually(async () => expect(await stage.books.seat(sale.seatIds.at(-1) ?? '')).toBe('AVAILABLE'));
  }, 60_000);

  it('withdraws a payment and a top-up that no workflow has begun within ten minutes', async () => {
    const { hold } = await aStrandedHold();
    const [old, young] = [await stage.request(hold), await stage.request(hold)];
    const topUp = await stage.requestTopUp(hold.userId, 10_000);
    const { owner } = stage.database;
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
    const { owner } = stage.database;
    const [left, withdrawn] = [await buyOnStage(stage), await buyOnStage(stage)];
    const cancellationId = await stage.requestCancellation(left.reservationId);
    await createCancellationRequestStore(stage.database.db).withdraw(
      await stage.requestCancellation(withdrawn.reservationId),
    );
    await owner('cancellation_requests').update({ requested_at: longAgo() });

    expect(await runSweep()).toMatchObject({ cancellations: 1 });

    expect(await stage.temporal.cancellation(cancellationId).result()).toMatchObject({ status: 'CANCELLED' });
    expect(await statusOf(withdrawn.reservationId)).toBe('CONFIRMED');
    expect(await runSweep()).toMatchObject({ cancellations: 0 });
  });

  it('to a cancelled show that is not refunded', async () => {
    const { owner } = stage.database;
    const shows = cancelledShows(stage);
    const { scheduleId } = await createSoldShow(owner, stage.gateway, 2, [BY_POINTS_AND_CARD]);
    await shows.record(scheduleId);
    await owner('schedules').where({ id: scheduleId }).update({ cancelled_at: longAgo() });

    expect(await runSweep()).toMatchObject({ shows: 1 });

    expect(await shows.handle(scheduleId).result()).toMatchObject({ counts: { refunded: 2 } });
    expect(await runSweep()).toMatchObject({ shows: 0 });
  });

  it('to a sale that should be open', async () => {
    const { scheduleId } = await announceSale(stage.database.owner, { saleOpensAt: longAgo() });

    expect(await runSweep()).toMatchObject({ openings: 1 });

    await stage.temporal.env.client.workflow.getHandle(saleOpeningWorkflowId(scheduleId)).result();
    expect(await runSweep()).toMatchObject({ openings: 0 });
  });
});

describe('a reservation whose workflow was terminated', () => {
  it('can be paid before the sweep runs', async () => {
    const { reservationId, held } = await holdOnStage(stage, { holdSeconds: 300 });
    await stage.temporal.handle(reservationId).terminate('by mistake');
    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toBeNull();

    const reservation = { ...held, userId: '', room: 'service', status: 'HELD' as const, endedAt: null };
    await stage.temporal.reservations.adopt({
      ...reservation,
      heldAt: new Date(held.heldAt),
      expiresAt: new Date(held.expiresAt),
    });

    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });
});
