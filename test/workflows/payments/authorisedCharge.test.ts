import { anAttempt, BOOKING_FEE, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

describe('money that is only authorised', () => {
  it('is captured before the sale', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture']);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('is found by the look-up if the response to its charge is lost, and is then captured', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');
    testbed.temporal.replaceActivity('chargeCard', (real) => async (request) => {
      await real(request);
      throw new Error('the worker died');
    });

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'lookUp', 'capture']);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });
});

describe('a capture', () => {
  it('whose response is lost is found done, and is not repeated', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');
    testbed.temporal.replaceActivity('captureCharge', (real) => async (request, gatewayPaymentId) => {
      await real(request, gatewayPaymentId);
      throw new Error('the worker died');
    });

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture', 'lookUp']);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that never arrived is made after the look-up', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');
    testbed.gateway.unanswered.captures = 1;

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture', 'lookUp', 'capture']);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that is refused counts as a declined card: the points are returned, and the hold can be paid again', async () => {
    const { userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise-in-vain');

    await expect(testbed.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'card-declined' },
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture']);
    expect(testbed.gateway.reserves(attempt.paymentId)).toBe(false);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  it('that gets no answer for a while makes the payment settle, and the payment is then confirmed', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');
    testbed.gateway.unanswered.captures = 3;

    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toEqual({
      status: 'SETTLING',
      paymentId: attempt.paymentId,
    });

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that gets no answer in time is undone: the money on the card and the seats are released', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('authorise');
    testbed.gateway.unanswered.captures = Infinity;
    await testbed.temporal.reservations.pay(reservationId, attempt);
    expect(testbed.gateway.reserves(attempt.paymentId)).toBe(true);

    expect(await testbed.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });

    expect(callsOf(attempt.paymentId).at(-1)).toBe('void');
    expect(testbed.gateway.reserves(attempt.paymentId)).toBe(false);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

/** The calls to the gateway for an attempt, in order. */
function callsOf(paymentId: string): (string | undefined)[] {
  return testbed.gateway.calls.filter((call) => call.endsWith(paymentId)).map((call) => call.split(' ')[0]);
}
