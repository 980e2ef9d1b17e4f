import { Problem } from '../../../src/domain/problems';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { signalShowCancellation } from '../../../src/temporal/cancellations/startShowCancellation';
import { cancelledShows, type CancelledShows } from '../../support/cancelledShows';
import { itWithSkippedTime } from '../../support/durations';
import { eventually } from '../../support/eventually';
import { aHold, anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { BY_POINTS_AND_CARD, createSoldShow, type SoldReservation } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';

const DAY_MS = 24 * 60 * 60 * 1000;

let testbed: Testbed;
let shows: CancelledShows;

beforeAll(async () => {
  testbed = await createTestbed();
  shows = cancelledShows(testbed);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** Sold seats: each is paid with points, and its booking fee by card. */
const aShow = async (reservations: number) =>
  createSoldShow(testbed.database.owner, testbed.gateway, reservations, [BY_POINTS_AND_CARD]);

/** @returns the status of the request after the decision */
async function cancelAsCustomer({ reservationId }: { reservationId: string }): Promise<string | undefined> {
  const cancellationId = await testbed.requestCancellation(reservationId);
  await testbed.temporal.decide(cancellationId);
  return (await createCancellationRequestStore(testbed.database.db).find(cancellationId))?.status;
}

/** Moves the start time that the reservation has frozen, and with it the fee of its cancellation. */
async function freezeStart({ reservationId }: SoldReservation, fromNowMs: number): Promise<void> {
  // By the clock of Postgres, which also says when the customer asks for the cancellation.
  const { owner } = testbed.database;
  const startsAt = owner.raw('service_now() + make_interval(secs => ?)', [fromNowMs / 1_000]);
  await owner('reservations').where({ id: reservationId }).update({ starts_at: startsAt });
}

async function expectRefunded(sold: readonly SoldReservation[]): Promise<void> {
  for (const { reservationId, userId, paymentId, points } of sold) {
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await testbed.books.balance(userId)).toBe(points);
    expect(testbed.gateway.taken(paymentId)).toBe(0);
  }
}

const refundsAsked = () => testbed.gateway.calls.filter((call) => call.startsWith('refund'));

describe('cancelling a show', () => {
  it('refunds every customer in full, whatever they paid with, and voids the tickets', async () => {
    const { scheduleId, sold } = await createSoldShow(testbed.database.owner, testbed.gateway, 12);

    const handle = await shows.cancel(scheduleId);

    const counts = { reservations: 12, refunded: 12, refunding: 0, failing: 0, toDo: 0, openHolds: 0 };
    expect(await handle.result()).toMatchObject({ status: 'DONE', counts });
    await expectRefunded(sold);
    expect(await shows.progress(scheduleId)).toMatchObject({
      due: { points: 0, card: 0 },
      refunded: { points: 6 * PRICE, card: 3 * BOOKING_FEE + 3 * (PRICE + BOOKING_FEE) },
    });
    const ids = sold.map((one) => one.reservationId);
    const tickets = testbed.database.owner('tickets').whereIn('reservation_id', ids);
    expect(await tickets.distinct('status')).toEqual([{ status: 'VOID' }]);
  });

  it('ends soon if nothing was sold', async () => {
    const { scheduleId } = await createSale(testbed.database.owner);

    const handle = await shows.cancel(scheduleId);

    expect(await handle.result()).toMatchObject({ counts: { reservations: 0 } });
    expect((await shows.find(scheduleId))?.finishedAt).toBeInstanceOf(Date);
  });

  it('is one cancellation, even if two callers request it at the same time', async () => {
    const { scheduleId, sold } = await aShow(5);

    const [first, second] = await Promise.all([
      shows.cancel(scheduleId, { refundsPerSecond: 3 }),
      shows.cancel(scheduleId, { refundsPerSecond: 7 }),
    ]);

    await first.result();
    expect((await first.describe()).runId).toBe((await second.describe()).runId);
    await expectRefunded(sold);
    expect(refundsAsked()).toHaveLength(5);
  });
});

describe('a workflow that is started for a show that is not cancelled', () => {
  it('refunds no customer, and leaves the sale open', async () => {
    const { env, taskQueue } = testbed.temporal;
    const { scheduleId, sold } = await aShow(1);

    // Any client that can reach Temporal can do this.
    await signalShowCancellation(env.client, taskQueue, scheduleId);

    expect(await shows.handle(scheduleId).result()).toEqual({ scheduleId, status: 'NOT_REQUESTED' });
    expect(await testbed.books.reservationStatus(sold[0]?.reservationId ?? '')).toBe('CONFIRMED');
    expect(refundsAsked()).toEqual([]);
    expect(await shows.find(scheduleId)).toBeNull();
  });
});

describe('the sale of a cancelled show', () => {
  it('accepts no more holds and payments', async () => {
    const { sale, reservationId } = await holdNewSale(testbed, { seats: 2 });
    // The hold does not end yet, so that the test can pay it.
    const settings = { paused: false, refundsPerSecond: 1 };
    testbed.temporal.replaceActivity('releaseOpenHolds', () => async () => {
      return { ...settings, last: null, reservations: 0 };
    });
    const handle = await shows.cancel(sale.scheduleId);

    const paying = testbed.temporal.reservations.pay(reservationId, anAttempt(2));
    const late = aHold(sale, await createUser(testbed.database.owner), sale.seatIds);
    const refusal = { slug: 'sale-not-open', members: { cancelled: true } };

    await expect(paying).rejects.toMatchObject(refusal);
    await expect(testbed.temporal.hold(late)).rejects.toMatchObject(refusal);
    testbed.temporal.restoreActivities();
    await handle.result();
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
  });

  it('ends the open holds', async () => {
    const { sale, userId, reservationId, expiresAt } = await holdNewSale(testbed);

    const handle = await shows.cancel(sale.scheduleId);

    expect(await handle.result()).toMatchObject({ counts: { reservations: 0, openHolds: 0 } });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(Number((await handle.describe()).closeTime)).toBeLessThan(expiresAt);
  });

  it('leaves no hold that was placed at the same moment', async () => {
    const sale = await createSale(testbed.database.owner, { seats: 10 });
    const holds = await Promise.all(
      sale.seatIds.map(async (seatId) => aHold(sale, await createUser(testbed.database.owner), [seatId])),
    );

    const [handle, ...outcomes] = await Promise.all([
      shows.cancel(sale.scheduleId),
      ...holds.map(async (hold) => testbed.temporal.hold(hold).then(() => 'held', slugOf)),
    ]);

    await handle.result();
    const left = await Promise.all(holds.map((hold) => testbed.books.reservationStatus(hold.reservationId)));
    const expected = { held: 'RELEASED', 'sale-not-open': null };
    expect(left.map((status, index) => [outcomes[index], status])).toEqual(
      outcomes.map((outcome) => Object.entries(expected).find(([name]) => name === outcome)),
    );
  });
});

describe('a payment that is under way when the show is cancelled', () => {
  itWithSkippedTime('delays the end of the cancellation, and is refunded after it is confirmed', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('lose-approval');
    testbed.gateway.unanswered.lookUps = 4;
    await testbed.temporal.reservations.pay(reservationId, attempt);

    const handle = await shows.cancel(sale.scheduleId);
    expect(await shows.progress(sale.scheduleId)).toMatchObject({
      counts: { openHolds: 1, reservations: 0 },
    });

    expect(await handle.result()).toMatchObject({ counts: { reservations: 1, refunded: 1 } });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  itWithSkippedTime('ends its hold at once if it fails', async () => {
    const { sale, userId, reservationId, expiresAt } = await holdNewSale(testbed);
    testbed.gateway.script('lose-decline');
    testbed.gateway.unanswered.lookUps = 3;
    await testbed.temporal.reservations.pay(reservationId, anAttempt());

    const handle = await shows.cancel(sale.scheduleId);

    await handle.result();
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(Number((await handle.describe()).closeTime)).toBeLessThan(expiresAt);
  });
});

describe('a refund that fails', () => {
  it('shows as failing until it is done, and delays no other refund', async () => {
    const { scheduleId, sold } = await aShow(3);
    testbed.gateway.scriptRefunds('refuse', 'refuse', 'refuse');

    const handle = await shows.cancel(scheduleId, { refundsPerSecond: 1 });

    await eventually(async () => {
      expect(await shows.progress(scheduleId)).toMatchObject({
        counts: { failing: 1, toDo: 2 },
        due: { card: 3 * BOOKING_FEE },
      });
    });
    const [failing] = await shows.failing(scheduleId, { limit: 10 });
    expect(failing).toMatchObject({ amount: BOOKING_FEE, attempts: 1, lastFault: 'refused: scripted' });
    expect(sold.map((one) => one.reservationId)).toContain(failing?.reservationId);
    expect(await handle.result()).toMatchObject({ counts: { refunded: 3, failing: 0 } });
    expect(await shows.failing(scheduleId, { limit: 10 })).toEqual([]);
    await expectRefunded(sold);
  });
});

describe('a customer who cancels', () => {
  it('before the show is cancelled keeps that refund and still pays the fee', async () => {
    const { scheduleId, sold } = await aShow(2);
    const [early] = sold;
    if (!early) throw new Error('nothing was sold');
    await freezeStart(early, 2 * DAY_MS);
    await cancelAsCustomer(early);
    const given = await testbed.books.balance(early.userId);
    expect(given).toBeLessThan(PRICE);

    const handle = await shows.cancel(scheduleId);

    expect(await handle.result()).toMatchObject({
      counts: { reservations: 2, refunded: 2, cancelledByCustomer: 1 },
    });
    expect(await testbed.books.balance(early.userId)).toBe(given);
    await expectRefunded(sold.slice(1));
  });

  it('after the show is cancelled gets everything back, whatever the policy says', async () => {
    const { scheduleId, sold } = await aShow(2);
    const [first, last] = sold;
    if (!first || !last) throw new Error('nothing was sold');
    await freezeStart(last, 0);
    const handle = await shows.cancel(scheduleId, { paused: true });

    await cancelAsCustomer(last);

    await expectRefunded([last]);
    await shows.adjust(scheduleId, { paused: false });
    await handle.result();
    await expectRefunded([first]);
  });

  it('at the same moment as the show is refunded once', async () => {
    const { scheduleId, sold } = await aShow(6);

    const [handle] = await Promise.all([shows.cancel(scheduleId), ...sold.map(cancelAsCustomer)]);

    expect(await handle.result()).toMatchObject({ counts: { reservations: 6, refunded: 6 } });
    // The terms of the first cancellation count. `endTest` compares each with ledger and gateway.
    expect(new Set(refundsAsked()).size).toBe(refundsAsked().length);
  });

  it('too late, and was rejected, is refunded with all others', async () => {
    const { scheduleId, sold } = await aShow(1);
    const [late] = sold;
    if (!late) throw new Error('nothing was sold');
    await freezeStart(late, 0);
    expect(await cancelAsCustomer(late)).toBe('REFUSED');

    await (await shows.cancel(scheduleId)).result();

    await expectRefunded([late]);
  });
});

function slugOf(error: unknown): string {
  if (error instanceof Problem) return error.slug;
  throw error;
}
