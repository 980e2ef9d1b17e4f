import { aHold, anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { HOLD_SECONDS } from '../../support/durations';
import { holdNewSale, startWithoutHold } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

function lockOf({ scheduleId, seatId }: { scheduleId: string; seatId: string }): Promise<string | null> {
  return testbed.redis.redis.get(`{${scheduleId}}:seat:${seatId}`);
}

describe('a granted hold', () => {
  it('returns its seats, its price and its end', async () => {
    const { sale, held, reservationId } = await holdNewSale(testbed, { seats: 2 });

    expect(held).toMatchObject({
      reservationId,
      scheduleId: sale.scheduleId,
      amount: { tickets: 2 * PRICE, bookingFee: 2 * BOOKING_FEE, currency: 'KRW' },
    });
    expect(held.seats.map((seat) => seat.seatId)).toEqual(sale.seatIds);
    expect(Date.parse(held.expiresAt) - Date.parse(held.heldAt)).toBe(HOLD_SECONDS * 1_000);
  });

  it('has its seats in Postgres and its claims in Redis', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);

    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    expect(await lockOf(sale)).toBe(reservationId);
  });

  it('is returned unchanged to a client that asks again', async () => {
    const { owner } = testbed.database;
    const sale = await createSale(owner);
    const request = aHold(sale, await createUser(owner), sale.seatIds);
    const held = await testbed.temporal.hold(request);

    expect(await testbed.temporal.hold(request)).toEqual(held);
  });
});

describe('an unpaid hold', () => {
  it('ends at its time, and not before', async () => {
    const { sale, held, reservationId } = await holdNewSale(testbed);

    await testbed.temporal.sleepUntil(Date.parse(held.expiresAt) - 1_000);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });

    await testbed.temporal.sleepUntil(Date.parse(held.expiresAt) + 1_000);
    const { status } = await testbed.temporal.handle(reservationId).result();

    expect(status).toBe('EXPIRED');
    expect(await testbed.books.reservationStatus(reservationId)).toBe('EXPIRED');
    const { ended_at: endedAt } = await testbed.database
      .owner('reservations')
      .where({ id: reservationId })
      .first<{ ended_at: Date }>();
    expect(endedAt.getTime()).toBeGreaterThanOrEqual(Date.parse(held.expiresAt));
    expect(endedAt.getTime()).toBeLessThan(Date.parse(held.expiresAt) + 1_000);
  });

  it('leaves its seat to the next user after it has ended', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    await testbed.temporal.handle(reservationId).result();
    expect(await lockOf(sale)).toBeNull();

    const next = await createUser(testbed.database.owner, PRICE);
    const request = aHold(sale, next, sale.seatIds);
    await testbed.temporal.hold(request);
    const paid = await testbed.temporal.reservations.pay(request.reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('keeps its end after a failed payment', async () => {
    const { held, reservationId } = await holdNewSale(testbed, { points: 0 });
    await testbed.temporal.sleepUntil(Date.parse(held.heldAt) + (HOLD_SECONDS * 1_000) / 2);
    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { expiresAt: held.expiresAt },
    });

    await testbed.temporal.sleepUntil(Date.parse(held.expiresAt) + 1_000);

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({
      status: 'EXPIRED',
      expiresAt: held.expiresAt,
    });
  });
});

describe('a release', () => {
  it('puts the seats back on sale at once', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);

    expect(await testbed.temporal.reservations.release(reservationId)).toBe(true);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await lockOf(sale)).toBeNull();
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'RELEASED' });
  });

  it('has no effect once the hold has ended', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    await testbed.temporal.reservations.release(reservationId);
    const next = aHold(sale, userId, sale.seatIds);
    await testbed.temporal.hold(next);

    expect(await testbed.temporal.reservations.release(reservationId)).toBe(false);

    expect(await testbed.books.seat(sale.seatId)).toMatchObject({ reservationId: next.reservationId });
    expect(await lockOf(sale)).toBe(next.reservationId);
  });

  it('joins a release that is under way', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    let tries = 0;
    const second: Promise<boolean>[] = [];
    // The activity fails until the first workflow task is over, so that the second release arrives in between.
    testbed.temporal.replaceActivity('endHold', (real) => async (input) => {
      tries += 1;
      if (tries === 1) second.push(testbed.temporal.reservations.release(reservationId));
      if (tries < 6) throw new Error('Postgres is away');
      return real(input);
    });

    await testbed.temporal.reservations.release(reservationId);

    expect(await Promise.all(second)).toEqual([true]);
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

describe('a workflow whose hold was never granted', () => {
  it('ends by its own timer, and changes nothing', async () => {
    const { handle, sale } = await startWithoutHold(testbed);

    expect(await handle.result()).toMatchObject({ status: 'REFUSED' });
    const { startTime, closeTime } = await handle.describe();
    expect(Number(closeTime) - startTime.getTime()).toBeGreaterThan(HOLD_SECONDS * 1_000 - 1_000);
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('ends at once when the API cancels it', async () => {
    const { handle } = await startWithoutHold(testbed);

    await handle.cancel();

    expect(await handle.result()).toMatchObject({ status: 'REFUSED' });
  });
});

describe('a workflow whose clock is ahead of Postgres', () => {
  it('waits until the hold is over by the clock of Postgres', async () => {
    const { sale, held, reservationId } = await holdNewSale(testbed);
    const early = { status: 'HELD' as const, millisecondsLeft: 2_000, toGiveBack: [] };
    let tries = 0;
    testbed.temporal.replaceActivity('endHold', (real) => async (input) => {
      tries += 1;
      return tries === 1 ? early : real(input);
    });

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });

    const { closeTime } = await testbed.temporal.handle(reservationId).describe();
    expect(Number(closeTime)).toBeGreaterThan(Date.parse(held.expiresAt) + 1_900);
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

describe('cancelling the workflow', () => {
  it('releases a hold', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);

    await testbed.temporal.handle(reservationId).cancel();

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'RELEASED' });
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
  });

  it('does not interrupt a release', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    let cancelled: Promise<unknown> | null = null;
    testbed.temporal.replaceActivity('endHold', (real) => async (input) => {
      if (input.reservationId !== reservationId) return real(input);
      cancelled ??= testbed.temporal.handle(reservationId).cancel();
      await cancelled;
      if (await isCancelRequested(reservationId)) return real(input);
      throw new Error('Postgres is away');
    });

    expect(await testbed.temporal.reservations.release(reservationId)).toBe(true);

    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

/** @returns true if the history of the workflow has the request: then the next workflow task delivers it */
async function isCancelRequested(reservationId: string): Promise<boolean> {
  const { events } = await testbed.temporal.handle(reservationId).fetchHistory();
  return events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) ?? false;
}
