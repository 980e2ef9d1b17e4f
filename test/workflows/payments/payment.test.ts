import { createActivities } from '../../../src/activities';
import { createPaymentStore } from '../../../src/db/payments/paymentStore';
import { Problem } from '../../../src/domain/problems';
import { PAY_UPDATE } from '../../../src/contract/reservations';
import { addPoints, anAttempt, BOOKING_FEE, PRICE } from '../../support/factories';
import { holdOnStage } from '../../support/holdOnStage';
import { itWithSkippedTime } from '../../support/durations';
import { buildStage, type Stage } from '../../support/stage';
import { aConfirmation } from '../../support/steps';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

describe('a payment in time', () => {
  it('takes points and charges the card, sells every seat and issues its tickets', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage, { seats: 2 });
    const attempt = anAttempt(2);

    const paid = await stage.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', paymentId: attempt.paymentId, amount: attempt.amount });
    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect((await stage.books.tickets(reservationId)).toSorted()).toEqual(sale.seatIds.toSorted());
    expect(await stage.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
    expect(await stage.books.balance(userId)).toBe(0);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(2 * BOOKING_FEE);
    expect(await stage.books.journals(reservationId)).toEqual(['POINTS_TAKEN', 'SALE']);
  });

  it.each([
    ['by card only', 0, PRICE + BOOKING_FEE],
    ['by points and card', 20_000, 30_000 + BOOKING_FEE],
  ])('can be made %s', async (_how, points, card) => {
    const { userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt(1, points);

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(stage.gateway.taken(attempt.paymentId)).toBe(card);
    expect(await stage.books.balance(userId)).toBe(PRICE - points);
  });

  it('does not call the gateway when nothing is left for the card', async () => {
    const { reservationId } = await holdOnStage(stage);
    await stage.database.owner('reservations').where({ id: reservationId }).update({ booking_fee: 0 });
    const amount = { points: PRICE, card: 0, total: PRICE, currency: 'KRW' };

    await stage.temporal.reservations.pay(reservationId, { ...anAttempt(), amount });

    expect(stage.gateway.calls).toEqual([]);
  });

  it('may be made in the last second of the hold', async () => {
    const { reservationId, expiresAt } = await holdOnStage(stage);
    await stage.temporal.sleepUntil(expiresAt - 900);

    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });
});

describe('a payment that is short of points', () => {
  it('is rejected with balance and price, takes nothing, and may be made again after a top-up', async () => {
    const { sale, userId, reservationId, held } = await holdOnStage(stage, { points: 10_000 });

    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: 10_000, required: PRICE, expiresAt: held.expiresAt },
    });
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await stage.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    expect(await stage.books.balance(userId)).toBe(10_000);
    expect(stage.gateway.calls).toEqual([]);

    await addPoints(stage.database.owner, userId, PRICE);
    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stage.books.balance(userId)).toBe(10_000);
  });
});

describe('a declined card', () => {
  it('is reported only after the points are returned', async () => {
    const { userId, reservationId, held } = await holdOnStage(stage);
    const events: string[] = [];
    stage.temporal.replaceActivity('failPayment', (real) => async (input) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const status = await real(input);
      events.push(`balance ${await stage.books.balance(userId)}`);
      return status;
    });
    stage.gateway.script('decline');
    const attempt = anAttempt();

    const failure: unknown = await stage.temporal.reservations
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
    expect(await stage.books.payment(attempt.paymentId)).toEqual({
      status: 'FAILED',
      reason: 'card-declined',
    });
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
  });

  it('leaves the hold, which can be paid again', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    stage.gateway.script('decline', 'decline');

    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);
    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);
    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stage.books.balance(userId)).toBe(0);
    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ payments: 3 });
  });

  it('leaves the hold to end at its time', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage);
    stage.gateway.script('decline');
    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toThrow(Problem);

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await stage.books.balance(userId)).toBe(PRICE);
  });
});

describe('a confirmation that fails after the charge', () => {
  it('undoes everything: the charge is voided, the points are returned, and the hold continues and can be paid', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage);
    stage.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
    });
    const attempt = anAttempt();

    await expect(stage.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'seats-gone' },
    });

    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`, `void ${attempt.paymentId}`]);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.journals(reservationId)).toEqual([
      'POINTS_TAKEN',
      'POINTS_RETURNED',
      'CHARGE_VOIDED',
    ]);
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await stage.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });

    stage.temporal.restoreActivities();
    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  itWithSkippedTime('is tried again for half a minute, then undone', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    stage.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Error('Postgres is away');
    });
    const attempt = anAttempt();

    const paying = stage.temporal.reservations.pay(reservationId, attempt);

    await expect(stage.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
    });
    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
  });

  it('retries the void until the gateway answers', async () => {
    const { reservationId } = await holdOnStage(stage);
    stage.temporal.replaceActivity('confirmReservation', () => async () => {
      throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
    });
    stage.gateway.unanswered.voids = 6;
    const attempt = anAttempt();

    const paying = stage.temporal.reservations.pay(reservationId, attempt);

    await expect(stage.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
    });
    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
  });

  itWithSkippedTime('counts as paid if it was committed and only its result was lost', async () => {
    const { sale, reservationId } = await holdOnStage(stage);
    let blocked = false;
    stage.temporal.replaceActivity('confirmReservation', (real) => async (input) => {
      const tickets = await real(input);
      if (!blocked) throw new Error('the answer was lost');
      return tickets;
    });
    stage.temporal.replaceActivity('failPayment', (real) => async (...args) => {
      blocked = true;
      return real(...args);
    });
    const attempt = anAttempt();

    const paid = await stage.temporal.whileTimePasses(
      reservationId,
      stage.temporal.reservations.pay(reservationId, attempt),
    );

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await stage.books.tickets(reservationId)).toEqual([sale.seatId]);
  });
});

describe('a debit whose result is lost', () => {
  it('takes the points once', async () => {
    const { userId, reservationId } = await holdOnStage(stage, { points: 3 * PRICE });
    let tries = 0;
    stage.temporal.replaceActivity('openPayment', (real) => async (input) => {
      const earlier = await real(input);
      tries += 1;
      if (tries < 3) throw new Error('the answer was lost');
      return earlier;
    });

    await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(await stage.books.balance(userId)).toBe(2 * PRICE);
  });

  itWithSkippedTime('returns the points if the result never comes', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    stage.temporal.replaceActivity('openPayment', (real) => async (input) => {
      await real(input);
      throw new Error('every answer is lost');
    });

    const paying = stage.temporal.reservations.pay(reservationId, anAttempt());

    await expect(stage.temporal.whileTimePasses(reservationId, paying)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'internal-failure' },
    });
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
    expect(stage.gateway.calls).toEqual([]);
  });
});

describe('while a payment is under way', () => {
  it('a second payment is rejected', async () => {
    const { reservationId } = await holdOnStage(stage);
    const second: Promise<unknown>[] = [];
    stage.gateway.script('fail');
    stage.gateway.duringLookUp(() =>
      second.push(
        stage.temporal.reservations.pay(reservationId, anAttempt()).catch((error: unknown) => error),
      ),
    );

    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(await Promise.all(second)).toMatchObject([{ slug: 'payment-in-progress' }]);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('a release is rejected', async () => {
    const { reservationId } = await holdOnStage(stage);
    const release: Promise<unknown>[] = [];
    stage.gateway.script('fail');
    stage.gateway.duringLookUp(() =>
      release.push(stage.temporal.reservations.release(reservationId).catch((error: unknown) => error)),
    );

    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(await Promise.all(release)).toMatchObject([{ slug: 'reservation-not-releasable' }]);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('a cancellation of the workflow does not interrupt it', async () => {
    const { reservationId } = await holdOnStage(stage);
    stage.gateway.script('fail');
    stage.gateway.duringLookUp(() => void stage.temporal.handle(reservationId).cancel());

    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
  });

  it('a cancellation of the workflow releases the seats after the payment has failed', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage);
    stage.gateway.script('fail', 'decline');
    stage.gateway.duringLookUp(() => void stage.temporal.handle(reservationId).cancel());

    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'RELEASED' });
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await stage.books.balance(userId)).toBe(PRICE);
  });
});

describe('a payment accepted before the end of the hold', () => {
  it('is not interrupted by the timer', async () => {
    const { reservationId, expiresAt } = await holdOnStage(stage);
    await stage.temporal.sleepUntil(expiresAt - 300);
    // Two pauses of 400 and 600 ms: the third try comes after the end.
    stage.gateway.script('fail', 'fail');

    const paid = await stage.temporal.reservations.pay(reservationId, anAttempt());

    expect(await stage.temporal.env.currentTimeMs()).toBeGreaterThan(expiresAt);
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
  });

  itWithSkippedTime('releases the seats at once if it fails after that end', async () => {
    const { sale, userId, reservationId, expiresAt } = await holdOnStage(stage);
    await stage.temporal.sleepUntil(expiresAt - 300);
    stage.gateway.script('fail', 'fail', 'decline');

    await expect(stage.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await stage.books.balance(userId)).toBe(PRICE);
    const { closeTime } = await stage.temporal.handle(reservationId).describe();
    expect(Number(closeTime) - expiresAt).toBeLessThan(5_000);
  });
});

describe('a payment after the end of the hold', () => {
  it('is rejected while the seats are being released', async () => {
    const { reservationId, expiresAt } = await holdOnStage(stage);
    const late: Promise<unknown>[] = [];
    let tries = 0;
    // The activity fails until the first workflow task is over, so that the payment arrives in between.
    stage.temporal.replaceActivity('endHold', (real) => async (input) => {
      tries += 1;
      if (tries === 1) {
        late.push(
          stage.temporal.reservations.pay(reservationId, anAttempt()).catch((error: unknown) => error),
        );
      }
      if (tries < 6) throw new Error('Postgres is away');
      return real(input);
    });

    await stage.temporal.sleepUntil(expiresAt + 1_000);
    await stage.temporal.handle(reservationId).result();

    expect(await Promise.all(late)).toMatchObject([{ slug: 'reservation-expired' }]);
    expect(stage.gateway.calls).toEqual([]);
  });

  it('finds no workflow any more', async () => {
    const { reservationId } = await holdOnStage(stage);
    await stage.temporal.handle(reservationId).result();

    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toBeNull();
  });
});

describe('a payment that was withdrawn before its workflow began it', () => {
  it('is rejected, takes nothing, and is made after it is requested again under the same id', async () => {
    const { reservationId, userId, sale } = await holdOnStage(stage);
    const attempt = anAttempt();
    const payments = createPaymentStore(stage.database.db);
    stage.temporal.replaceActivity('openPayment', (real) => async (paymentId) => {
      await payments.withdraw(paymentId);
      return real(paymentId);
    });
    const refused = stage.temporal.reservations.pay(reservationId, attempt);
    await expect(refused).rejects.toMatchObject({ slug: 'payment-failed', members: { reason: 'withdrawn' } });
    expect(await stage.books.balance(userId)).toBe(PRICE);
    stage.temporal.restoreActivities();

    const paid = await stage.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
  });

  it('gets the same refusal again if it had failed', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('decline');
    const pay = async () => stage.temporal.reservations.pay(reservationId, attempt);
    const failed = await pay().catch((error: unknown) => error);

    // This is like an update that reaches the workflow twice.
    const { paymentId } = attempt;
    const again = stage.temporal.handle(reservationId).executeUpdate(PAY_UPDATE, { args: [{ paymentId }] });

    await expect(again).rejects.toMatchObject({ cause: { type: 'payment-failed' } });
    expect(failed).toMatchObject({ slug: 'payment-failed' });
    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
  });
});

describe('another run of the same steps, on a worker that stalled', () => {
  it('may have confirmed the payment: then this run voids nothing and reports the payment as made', async () => {
    const { sale, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('fail', 'fail', 'fail');
    const other = createActivities(stage.dependencies);
    // This run is about to give up, when the other one charges and confirms.
    stage.temporal.replaceActivity('giveBackCharge', (real) => async (paymentId, reason) => {
      const { charge } = await other.openPayment(paymentId);
      if (charge) await other.chargeCard(charge);
      await other.confirmReservation(aConfirmation({ paymentId }));
      return real(paymentId, reason);
    });

    const paid = await stage.temporal.reservations.pay(reservationId, attempt);

    expect(paid).toMatchObject({ status: 'SUCCEEDED', tickets: [{ seatId: sale.seatId }] });
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
    expect(stage.gateway.calls.filter((call) => call.startsWith('void'))).toEqual([]);
    expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('gets the same payment if it asks with another update', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    const again: Promise<unknown>[] = [];
    let tries = 0;
    // The activity fails until the first workflow task is over, so that the second update arrives in between.
    stage.temporal.replaceActivity('openPayment', (real) => async (paymentId) => {
      tries += 1;
      if (tries === 1) {
        again.push(stage.temporal.handle(reservationId).executeUpdate(PAY_UPDATE, { args: [{ paymentId }] }));
      }
      if (tries < 6) throw new Error('Postgres is away');
      return real(paymentId);
    });

    const paid = await stage.temporal.whileTimePasses(
      reservationId,
      stage.temporal.reservations.pay(reservationId, attempt),
    );

    expect(await Promise.all(again)).toEqual([paid]);
    expect(await stage.books.balance(userId)).toBe(0);
    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
  });
});
