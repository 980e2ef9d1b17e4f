import { anAttempt, BOOKING_FEE, PRICE } from '../../support/factories';
import { holdOnStage } from '../../support/holdOnStage';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

describe('money that is only authorised', () => {
  it('is captured before the sale', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture']);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('is found by the look-up if the response to its charge is lost, and is then captured', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');
    stage.temporal.replaceActivity('chargeCard', (real) => async (request) => {
      await real(request);
      throw new Error('the worker died');
    });

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'lookUp', 'capture']);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });
});

describe('a capture', () => {
  it('whose response is lost is found done, and is not repeated', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');
    stage.temporal.replaceActivity('captureCharge', (real) => async (request, gatewayPaymentId) => {
      await real(request, gatewayPaymentId);
      throw new Error('the worker died');
    });

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture', 'lookUp']);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that never arrived is made after the look-up', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');
    stage.gateway.unanswered.captures = 1;

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SUCCEEDED',
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture', 'lookUp', 'capture']);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that is refused counts as a declined card: the points are returned, and the hold can be paid again', async () => {
    const { userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise-in-vain');

    await expect(stage.temporal.reservations.pay(reservationId, attempt)).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'card-declined' },
    });

    expect(callsOf(attempt.paymentId)).toEqual(['charge', 'capture']);
    expect(stage.gateway.reserves(attempt.paymentId)).toBe(false);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  it('that gets no answer for a while makes the payment settle, and the payment is then confirmed', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');
    stage.gateway.unanswered.captures = 3;

    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toEqual({
      status: 'SETTLING',
      paymentId: attempt.paymentId,
    });

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'CONFIRMED' });
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
  });

  it('that gets no answer in time is undone: the money on the card and the seats are released', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('authorise');
    stage.gateway.unanswered.captures = Infinity;
    await stage.temporal.reservations.pay(reservationId, attempt);
    expect(stage.gateway.reserves(attempt.paymentId)).toBe(true);

    expect(await stage.temporal.handle(reservationId).result()).toMatchObject({ status: 'EXPIRED' });

    expect(callsOf(attempt.paymentId).at(-1)).toBe('void');
    expect(stage.gateway.reserves(attempt.paymentId)).toBe(false);
    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

/** The calls to the gateway for an attempt, in order. */
function callsOf(paymentId: string): (string | undefined)[] {
  return stage.gateway.calls.filter((call) => call.endsWith(paymentId)).map((call) => call.split(' ')[0]);
}
