import { createActivities } from '../../../src/activities';
import { createPaymentStore } from '../../../src/db/payments/paymentStore';
import { Problem } from '../../../src/domain/problems';
import { PAY_UPDATE } from '../../../src/contract/reservations';
import { addPoints, anAttempt, BOOKING_FEE, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';
import { aConfirmation } from '../../support/steps';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

describe('a payment in time', () => {
  it('takes points and charges the card, sells every seat and issues its tickets', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed, { seats: 2 });
    const attempt = anAttempt(2);

    const paid = await testbed.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', paymentId: attempt.paymentId, amount: attempt.amount });
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect((await testbed.books.tickets(reservationId)).toSorted()).toEqual(sale.seatIds.toSorted());
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
    expect(await testbed.books.balance(userId)).toBe(0);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(2 * BOOKING_FEE);
    expect(await testbed.books.journals(reservationId)).toEqual(['POINTS_TAKEN', 'SALE']);
  });

  it.each([
    ['by card only', 0, PRICE + BOOKING_FEE],
    ['by points and card', 20_000, 30_000 + BOOKING_FEE],
  ])('can be made %s', async (_how, points, card) => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt(1, points);

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(testbed.gateway.taken(attempt.paymentId)).toBe(card);
    expect(await testbed.books.balance(userId)).toBe(PRICE - points);
  });

  it('does not call the gateway when nothing is left for the card', async () => {
    const { reservationId } = await holdNewSale(testbed);
    await testbed.database.owner('reservations').where({ id: reservationId }).update({ booking_fee: 0 });
    const amount = { points: PRICE, card: 0, total: PRICE, currency: 'KRW' };

    await testbed.temporal.reservations.pay(reservationId, { ...anAttempt(), amount });

    expect(testbed.gateway.calls).toEqual([]);
  });

  it('may be made in the last second of the hold', async () => {
    const { reservationId, expiresAt } = await holdNewSale(testbed);
    await testbed.temporal.sleepUntil(expiresAt - 900);

    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });
});

describe('a payment that is short of points', () => {
  it('is rejected with balance and price, takes nothing, and may be made again after a top-up', async () => {
    const { sale, userId, reservationId, held } = await holdNewSale(testbed, { points: 10_000 });

    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: 10_000, required: PRICE, expiresAt: held.expiresAt },
    });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    expect(await testbed.books.balance(userId)).toBe(10_000);
    expect(testbed.gateway.calls).toEqual([]);

    await addPoints(testbed.database.owner, userId, PRICE);
    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await testbed.books.balance(userId)).toBe(10_000);
  });
});

describe('a declined card', () => {
  it('is reported only after the points are returned', async () => {
    const { userId, reservationId, held } = await holdNewSale(testbed);
    const events: string[] = [];
    testbed.temporal.replaceActivity('failPayment', (real) => async (input) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const status = await real(input);
      events.push(`balance ${await testbed.books.balance(userId)}`);
      return status;
    });
    testbed.gateway.script('decline');
    const attempt = anAttempt();

    const failure: unknown = await testbed.temporal.reservations
      .pay(reservationId, attempt)
      .catch((error: unknown) => {
        events.push('told');
        return error;
      });

    expect(failure).toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'card-declined', expiresAt: held.expiresAt },
    });
    expect(events).toEqual([`balance ${PRICE}`, 'told']);
    expect(await testbed.books.payment(attempt.paymentId)).toEqual({
      status: 'FAILED',
      reason: 'card-declined',
    });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
  });

  it('leaves the hold, which can be paid again', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    testbed.gateway.script('decline', 'decline');

    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);
    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);
    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await testbed.books.balance(userId)).toBe(0);
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ payments: 3 });
  });

  it('leaves the hold to end at its time', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    testbed.gateway.script('decline');
    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
  });
});

describe('a confirmation that fails after the charge', () => {
  it('undoes everything: the charge is voided, the points are returned, and the hold continues and can be paid', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    testbed.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
    });
    const attempt = anAttempt();

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'seats-gone' },
    });

    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`, `void ${attempt.paymentId}`]);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.journals(reservationId)).toEqual([
      'POINTS_TAKEN',
      'POINTS_RETURNED',
      'CHARGE_VOIDED',
    ]);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });

    testbed.temporal.restoreActivities();
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  itWithSkippedTime('is tried again for half a minute, then undone', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    testbed.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Error('Postgres is away');
    });
    const attempt = anAttempt();

    const paying = testbed.temporal.reservations.pay(reservationId, attempt);

    await expect(testbed.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
    });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
  });

  it('retries the void until the gateway answers', async () => {
    const { reservationId } = await holdNewSale(testbed);
    testbed.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
    });
    testbed.gateway.unanswered.voids = 6;
    const attempt = anAttempt();

    const paying = testbed.temporal.reservations.pay(reservationId, attempt);

    await expect(testbed.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
    });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
  });

  itWithSkippedTime('counts as paid if it was committed and only its result was lost', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    let blocked = false;
    testbed.temporal.replaceActivity('confirmReservation', (real) => async (input) => {
      const tickets = await real(input);
      if (!blocked) throw new Error('the answer was lost');
      return tickets;
    });
    testbed.temporal.replaceActivity('failPayment', (real) => async (...args) => {
      blocked = true;
      return real(...args);
    });
    const attempt = anAttempt();

    const paid = await testbed.temporal.whileTimePasses(
      reservationId,
      testbed.temporal.reservations.pay(reservationId, attempt),
    );

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await testbed.books.tickets(reservationId)).toEqual([sale.seatId]);
  });
});

describe('a debit whose result is lost', () => {
  it('takes the points once', async () => {
    const { userId, reservationId } = await holdNewSale(testbed, { points: 3 * PRICE });
    let tries = 0;
    testbed.temporal.replaceActivity('openPayment', (real) => async (input) => {
      const earlier = await real(input);
      tries += 1;
      if (tries < 3) throw new Error('the answer was lost');
      return earlier;
    });

    await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(await testbed.books.balance(userId)).toBe(2 * PRICE);
  });

  itWithSkippedTime('returns the points if the result never comes', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    testbed.temporal.replaceActivity('openPayment', (real) => async (input) => {
      await real(input);
      throw new Error('every answer is lost');
    });

    const paying = testbed.temporal.reservations.pay(reservationId, anAttempt());

    await expect(testbed.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'internal-failure' },
    });
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(testbed.gateway.calls).toEqual([]);
  });
});

describe('while a payment is under way', () => {
  it('a second payment is rejected', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const second: Promise<unknown>[] = [];
    testbed.gateway.script('fail');
    testbed.gateway.duringLookUp(() =>
      second.push(
        testbed.temporal.reservations.pay(reservationId, anAttempt()).catch((error: unknown) => error),
      ),
    );

    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(await Promise.all(second)).toMatchObject([{ slug: 'payment-in-progress' }]);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('a release is rejected', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const release: Promise<unknown>[] = [];
    testbed.gateway.script('fail');
    testbed.gateway.duringLookUp(() =>
      release.push(testbed.temporal.reservations.release(reservationId).catch((error: unknown) => error)),
    );

    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(await Promise.all(release)).toMatchObject([{ slug: 'reservation-not-releasable' }]);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('a cancellation of the workflow does not interrupt it', async () => {
    const { reservationId } = await holdNewSale(testbed);
    testbed.gateway.script('fail');
    testbed.gateway.duringLookUp(() => void testbed.temporal.handle(reservationId).cancel());

    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
  });

  it('a cancellation of the workflow releases the seats after the payment has failed', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    testbed.gateway.script('fail', 'decline');
    testbed.gateway.duringLookUp(() => void testbed.temporal.handle(reservationId).cancel());

    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'RELEASED' });
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
  });
});

describe('a payment accepted before the end of the hold', () => {
  it('is not interrupted by the timer', async () => {
    const { reservationId, expiresAt } = await holdNewSale(testbed);
    await testbed.temporal.sleepUntil(expiresAt - 300);
    // Two pauses of 400 and 600 ms: the third try comes after the end.
    testbed.gateway.script('fail', 'fail');

    const paid = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(await testbed.temporal.env.currentTimeMs()).toBeGreaterThan(expiresAt);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
  });

  itWithSkippedTime('releases the seats at once if it fails after that end', async () => {
    const { sale, userId, reservationId, expiresAt } = await holdNewSale(testbed);
    await testbed.temporal.sleepUntil(expiresAt - 300);
    testbed.gateway.script('fail', 'fail', 'decline');

    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    const { closeTime } = await testbed.temporal.handle(reservationId).describe();
    expect(Number(closeTime) - expiresAt).toBeLessThan(5_000);
  });
});

describe('a payment after the end of the hold', () => {
  it('is rejected while the seats are being released', async () => {
    const { reservationId, expiresAt } = await holdNewSale(testbed);
    const late: Promise<unknown>[] = [];
    let tries = 0;
    // The activity fails until the first workflow task is over, so that the payment arrives in between.
    testbed.temporal.replaceActivity('endHold', (real) => async (input) => {
      tries += 1;
      if (tries === 1) {
        late.push(
          testbed.temporal.reservations.pay(reservationId, anAttempt()).catch((error: unknown) => error),
        );
      }
      if (tries < 6) throw new Error('Postgres is away');
      return real(input);
    });

    await testbed.temporal.sleepUntil(expiresAt + 1_000);
    await testbed.temporal.handle(reservationId).result();

    expect(await Promise.all(late)).toMatchObject([{ slug: 'reservation-expired' }]);
    expect(testbed.gateway.calls).toEqual([]);
  });

  it('finds no workflow any more', async () => {
    const { reservationId } = await holdNewSale(testbed);
    await testbed.temporal.handle(reservationId).result();

    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toBeNull();
  });
});

describe('a payment that was withdrawn before its workflow began it', () => {
  it('is rejected, takes nothing, and is made after it is requested again under the same id', async () => {
    const { reservationId, userId, sale } = await holdNewSale(testbed);
    const attempt = anAttempt();
    const payments = createPaymentStore(testbed.database.db);
    testbed.temporal.replaceActivity('openPayment', (real) => async (paymentId) => {
      await payments.withdraw(paymentId);
      return real(paymentId);
    });
    const refused = testbed.temporal.reservations.pay(reservationId, attempt);
    await expect(refused).rejects.toMatchObject({ slug: 'payment-failed', members: { reason: 'withdrawn' } });
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    testbed.temporal.restoreActivities();

    const paid = await testbed.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
  });

  it('gets the same refusal again if it had failed', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('decline');
    const pay = async () => testbed.temporal.reservations.pay(reservationId, attempt);
    const failed = await pay().catch((error: unknown) => error);

    // This is like an update that reaches the workflow twice.
    const { paymentId } = attempt;
    const again = testbed.temporal.handle(reservationId).executeUpdate(PAY_UPDATE, { args: [{ paymentId }] });

    await expect(again).rejects.toMatchObject({ cause: { type: 'payment-failed' } });
    expect(failed).toMatchObject({ slug: 'payment-failed' });
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
  });
});

describe('another run of the same steps, on a worker that stalled', () => {
  it('may have confirmed the payment: then this run voids nothing and reports the payment as made', async () => {
    const { sale, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('fail', 'fail', 'fail');
    const other = createActivities(testbed.dependencies);
    // This run is about to give up, when the other one charges and confirms.
    testbed.temporal.replaceActivity('giveBackCharge', (real) => async (paymentId, reason) => {
      const { charge } = await other.openPayment(paymentId);
      if (charge) await other.chargeCard(charge);
      await other.confirmReservation(aConfirmation({ paymentId }));
      return real(paymentId, reason);
    });

    const paid = await testbed.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
    expect(testbed.gateway.calls.filter((call) => call.startsWith('void'))).toEqual([]);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('gets the same payment if it asks with another update', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    const again: Promise<unknown>[] = [];
    let tries = 0;
    // The activity fails until the first workflow task is over, so that the second update arrives in between.
    testbed.temporal.replaceActivity('openPayment', (real) => async (paymentId) => {
      tries += 1;
      if (tries === 1) {
        again.push(
          testbed.temporal.handle(reservationId).executeUpdate(PAY_UPDATE, { args: [{ paymentId }] }),
        );
      }
      if (tries < 6) throw new Error('Postgres is away');
      return real(paymentId);
    });

    const paid = await testbed.temporal.whileTimePasses(
      reservationId,
      testbed.temporal.reservations.pay(reservationId, attempt),
    );

    expect(await Promise.all(again)).toEqual([paid]);
    expect(await testbed.books.balance(userId)).toBe(0);
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
  });
});
