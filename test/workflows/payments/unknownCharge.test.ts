import { GATEWAY_HINT_SIGNAL } from '../../../src/contract/payments';
import { eventually } from '../../support/eventually';
import { anAttempt, BOOKING_FEE, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

describe('a charge without a response is looked up before anything is decided:', () => {
  it('approved: the reservation is confirmed, and nothing is charged or voided again', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('lose-approval');

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`, `lookUp ${attempt.paymentId}`]);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('declined: the payment fails, and the points are returned', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('lose-decline');

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'card-declined' },
    });

    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`, `lookUp ${attempt.paymentId}`]);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
  });

  it.each([1, 2])('absent %i times: the same key is tried again, then approved', async (failures) => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    const { paymentId } = attempt;
    testbed.gateway.script(...Array.from({ length: failures }, () => 'fail' as const));

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    const failed = Array.from({ length: failures }, () => [`charge ${paymentId}`, `lookUp ${paymentId}`]);
    expect(testbed.gateway.calls).toEqual([...failed.flat(), `charge ${paymentId}`]);
  });

  it('absent after the last try: the key is voided, and the next attempt has a key of its own', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('fail', 'fail', 'fail');

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'no-answer' },
    });

    expect(testbed.gateway.calls.at(-1)).toBe(`void ${attempt.paymentId}`);
    expect(testbed.gateway.calls.filter((call) => call.startsWith('charge'))).toHaveLength(3);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  it('lost inside the service: the charge is looked up too', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.temporal.replaceActivity('chargeCard', (real) => async (request) => {
      await real(request);
      throw new Error('the worker died');
    });

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`, `lookUp ${attempt.paymentId}`]);
  });
});

describe('while the gateway cannot be reached', () => {
  it('the payment returns SETTLING, and the seats stay held', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    unreachableFor(3, 'lose-approval');

    const answer = await testbed.temporal.reservations.pay(reservationId, attempt);

    expect(answer).toEqual({ status: 'SETTLING', paymentId: attempt.paymentId });
    expect(await testbed.books.reservationStatus(reservationId)).toBe('SETTLING');
    expect(await testbed.books.payment(attempt.paymentId)).toMatchObject({ status: 'SETTLING' });
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    expect(await testbed.books.balance(userId)).toBe(0);
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
  });

  it('a second payment joins the first', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    unreachableFor(3, 'lose-approval');
    await testbed.temporal.reservations.pay(reservationId, attempt);

    const joined = await testbed.temporal.reservations.pay(reservationId, anAttempt());

    expect(joined).toEqual({ status: 'SETTLING', paymentId: attempt.paymentId });
    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({
      status: 'CONFIRMED',
      payments: 1,
    });
  });

  it('a release is rejected', async () => {
    const { reservationId } = await holdNewSale(testbed);
    unreachableFor(3, 'lose-approval');
    await testbed.temporal.reservations.pay(reservationId, anAttempt());

    await expect(testbed.temporal.reservations.release(reservationId)).rejects.toMatchObject({
      slug: 'reservation-not-releasable',
    });
    await testbed.temporal.handle(reservationId).result();
  });
});

describe('a gateway that does not even answer a void', () => {
  itWithSkippedTime(
    'blocks the seats no longer than the limit, and the workflow continues until the money is refunded',
    async () => {
      const { sale, userId, reservationId, expiresAt } = await holdNewSale(testbed);
      const attempt = anAttempt();
      unreachableFor(Infinity, 'lose-approval');
      testbed.gateway.unanswered.voids = 12;
      await testbed.temporal.reservations.pay(reservationId, attempt);

      await testbed.temporal.sleepUntil(expiresAt + 62_000);
      await eventually(async () => expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE'));

      expect(await testbed.books.reservationStatus(reservationId)).toBe('EXPIRED');
      expect(await testbed.books.balance(userId)).toBe(PRICE);
      expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
      expect(await isRunning(reservationId)).toBe(true);

      expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
      expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
      expect(await testbed.books.payment(attempt.paymentId)).toEqual({
        status: 'FAILED',
        reason: 'no-answer',
      });
    },
  );

  it('does not stop the client from paying with another attempt while the hold lasts', async () => {
    const { userId, reservationId } = await holdNewSale(testbed, { settleSeconds: 1 });
    const lost = anAttempt();
    testbed.gateway.script('fail', 'fail', 'fail');
    testbed.gateway.unanswered.voids = 1;

    await expect(testbed.temporal.reservations.pay(reservationId, lost)).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
    await testbed.temporal.handle(reservationId).result();
    expect(testbed.gateway.taken(lost.paymentId)).toBe(0);
    expect(testbed.gateway.calls.filter((call) => call === `void ${lost.paymentId}`)).toHaveLength(2);
  });
});

describe('a message from the gateway', () => {
  itWithSkippedTime('makes a payment that settles ask the gateway at once', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    unreachableFor(6, 'lose-approval');
    await testbed.temporal.reservations.pay(reservationId, attempt);
    // The pauses have grown to half a minute by now.
    await testbed.temporal.env.sleep('40s');
    await eventually(async () => expect(testbed.gateway.unanswered.lookUps).toBe(0));
    expect(await testbed.books.reservationStatus(reservationId)).toBe('SETTLING');

    await testbed.temporal.handle(reservationId).signal(GATEWAY_HINT_SIGNAL);

    await eventually(async () =>
      expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED'),
    );
  });
});

describe('a payment that settles', () => {
  itWithSkippedTime('as approved is confirmed, also after the end of the hold', async () => {
    const { reservationId, expiresAt } = await holdNewSale(testbed);
    const attempt = anAttempt();
    await testbed.temporal.sleepUntil(expiresAt - 2_000);
    unreachableFor(4, 'lose-approval');
    await testbed.temporal.reservations.pay(reservationId, attempt);

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });

    const { closeTime } = await testbed.temporal.handle(reservationId).describe();
    expect(Number(closeTime)).toBeGreaterThan(expiresAt);
    expect(await testbed.books.payment(attempt.paymentId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  itWithSkippedTime('as declined returns the points, and the hold can be paid again', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    unreachableFor(3, 'lose-decline');
    await testbed.temporal.reservations.pay(reservationId, anAttempt());

    await testbed.temporal.env.sleep('30s');

    await eventually(async () => expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD'));
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  itWithSkippedTime(
    'as absent is voided, so that a request that is still on its way cannot charge',
    async () => {
      const { userId, reservationId } = await holdNewSale(testbed);
      const attempt = anAttempt();
      unreachableFor(3, 'fail');
      await testbed.temporal.reservations.pay(reservationId, attempt);

      await testbed.temporal.env.sleep('30s');

      await eventually(async () => expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD'));
      expect(testbed.gateway.calls.at(-1)).toBe(`void ${attempt.paymentId}`);
      expect(await testbed.gateway.charge(lateRequest(attempt.paymentId))).toMatchObject({
        outcome: 'declined',
      });
      expect(await testbed.books.balance(userId)).toBe(PRICE);
      expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    },
  );

  itWithSkippedTime(
    'not before the hold and the settling are over is voided: the points are returned, the seats are on sale',
    async () => {
      const { sale, userId, reservationId, expiresAt } = await holdNewSale(testbed);
      const attempt = anAttempt();
      unreachableFor(Infinity, 'lose-approval');
      await testbed.temporal.reservations.pay(reservationId, attempt);

      await testbed.temporal.sleepUntil(expiresAt + 55_000);
      expect(await testbed.books.reservationStatus(reservationId)).toBe('SETTLING');
      expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });

      expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });
      expect(testbed.gateway.calls.at(-1)).toBe(`void ${attempt.paymentId}`);
      expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
      expect(await testbed.books.balance(userId)).toBe(PRICE);
      expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
      const { closeTime } = await testbed.temporal.handle(reservationId).describe();
      expect(Number(closeTime)).toBeGreaterThanOrEqual(expiresAt + 60_000);
      expect(Number(closeTime)).toBeLessThan(expiresAt + 65_000);
    },
  );

  itWithSkippedTime(
    'asks the gateway with growing pauses, at most once in half a minute in the end',
    async () => {
      const { reservationId } = await holdNewSale(testbed);
      unreachableFor(Infinity, 'lose-approval');
      await testbed.temporal.reservations.pay(reservationId, anAttempt());

      await testbed.temporal.handle(reservationId).result();

      // After 1 + 2 + 4 + 8 + 16 s, then every 30 s for the rest of 360 s, and once before the settling began.
      const lookUps = testbed.gateway.calls.filter((call) => call.startsWith('lookUp'));
      expect(lookUps.length).toBeGreaterThan(10);
      expect(lookUps.length).toBeLessThan(20);
    },
  );
});

/** The next charge ends as given, and the given number of look-ups after it get no answer. */
function unreachableFor(lookUps: number, charge: 'lose-approval' | 'lose-decline' | 'fail'): void {
  testbed.gateway.script(charge);
  testbed.gateway.unanswered.lookUps = lookUps;
}

async function isRunning(reservationId: string): Promise<boolean> {
  const { status } = await testbed.temporal.handle(reservationId).describe();
  return status.name === 'RUNNING';
}

function lateRequest(paymentId: string) {
  return {
    gateway: 'sandbox',
    idempotencyKey: paymentId,
    orderId: paymentId,
    payerId: paymentId,
    amount: BOOKING_FEE,
    currency: 'KRW',
    description: '',
    requestedAt: Date.now(),
  };
}
