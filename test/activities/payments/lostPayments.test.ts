import { createActivities, type Activities } from '../../../src/activities';
import { createPaymentStore } from '../../../src/db/payments/paymentStore';
import { createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aFailure, aGrant, anEnd } from '../../support/steps';

let fixture: Fixture;
let activities: Activities;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
});

afterAll(async () => fixture?.drop());

/** A hold whose first attempt to pay has taken the points. */
async function anOpenPayment(seats = 1) {
  const { owner } = fixture.database;
  const [sale, userId] = await Promise.all([createSale(owner, { seats }), createUser(owner, 3 * PRICE)]);
  const hold = aGrant(sale, userId, sale.seatIds);
  await fixture.grant(hold);
  const step = await fixture.request(hold);
  await activities.openPayment(step.paymentId);
  return { hold, step, userId };
}

describe('The steps of an attempt that run again from the first, after a worker has died,', () => {
  it('continue if the attempt was settling', async () => {
    const { step, userId } = await anOpenPayment();
    await activities.markSettling(step.paymentId);

    await activities.openPayment(step.paymentId);
    await activities.confirmReservation(aConfirmation(step));

    expect(await fixture.books.reservationStatus(step.reservationId)).toBe('CONFIRMED');
    expect(await fixture.books.balance(userId)).toBe(2 * PRICE);
  });

  it('end with the same tickets if the attempt was confirmed', async () => {
    const { step, userId } = await anOpenPayment();
    const tickets = await activities.confirmReservation(aConfirmation(step));

    await activities.openPayment(step.paymentId);

    expect(await activities.confirmReservation(aConfirmation(step))).toEqual(tickets);
    expect(await fixture.books.balance(userId)).toBe(2 * PRICE);
  });

  it('end with the same tickets if the client has cancelled a seat since', async () => {
    const { step, hold } = await anOpenPayment(2);
    const tickets = await activities.confirmReservation(aConfirmation(step));
    const seatIds = hold.seatIds.slice(0, 1);
    await activities.cancelReservation(
      await fixture.requestCancellation(hold.reservationId, 'CUSTOMER', seatIds),
    );

    expect(await activities.confirmReservation(aConfirmation(step))).toEqual(tickets);
    expect(await fixture.books.payment(step.paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
  });
});

describe('An attempt that was closed while the gateway may still charge', () => {
  it('still has to be voided after a late run of its steps is rejected and undoes itself', async () => {
    const { step } = await anOpenPayment();
    const { paymentId, reservationId } = step;
    await activities.failPayment({ ...aFailure(step), mayBeCharged: true });

    await expect(activities.openPayment(paymentId)).rejects.toMatchObject({ slug: 'payment-failed' });
    await activities.failPayment({ ...aFailure(step), mayBeCharged: false });

    const payments = createPaymentStore(fixture.database.db);
    expect(await payments.unsettledOf(reservationId)).toMatchObject([{ paymentId }]);
    await activities.giveBackCharge(paymentId, 'late');
    expect(await payments.unsettledOf(reservationId)).toEqual([]);
  });

  it('still has to be voided if it is a top-up', async () => {
    const { owner } = fixture.database;
    const { topUpId } = await fixture.requestTopUp(await createUser(owner), 10_000);
    await activities.openTopUp(topUpId);
    await activities.failTopUp(topUpId, 'no-answer', true);

    await activities.failTopUp(topUpId, 'no-answer', false);

    const row = owner('top_ups').where({ id: topUpId });
    expect(await row.clone().first()).toMatchObject({ status: 'FAILED', undone_at: null });
    await activities.giveBackTopUp(topUpId, 'late');
    expect(await row.clone().whereNull('undone_at')).toEqual([]);
  });
});

describe('An open attempt that its workflow may not know', () => {
  it('blocks the next attempt, and can be found', async () => {
    const { hold, step, userId } = await anOpenPayment();

    await expect(activities.openPayment((await fixture.request(hold)).paymentId)).rejects.toMatchObject({
      slug: 'payment-in-progress',
    });

    expect(await activities.findOpenPayment(hold.reservationId)).toBe(step.paymentId);
    expect(await fixture.books.balance(userId)).toBe(2 * PRICE);
  });

  it('blocks the end of the hold, until it is undone', async () => {
    const { hold, step, userId } = await anOpenPayment();
    await expect(activities.endHold(anEnd(hold))).rejects.toMatchObject({ slug: 'payment-in-progress' });

    await activities.failPayment(aFailure(step));

    expect(await activities.findOpenPayment(hold.reservationId)).toBeNull();
    expect(await activities.endHold(anEnd(hold))).toMatchObject({ status: 'RELEASED' });
    expect(await fixture.books.balance(userId)).toBe(3 * PRICE);
  });

  it('that was closed with its charge unknown blocks nothing, and the next step gets its id', async () => {
    const { hold, step, userId } = await anOpenPayment();
    await activities.failPayment({ ...aFailure(step), mayBeCharged: true });
    expect(await fixture.books.balance(userId)).toBe(3 * PRICE);

    const next = await fixture.request(hold);
    expect(await activities.openPayment(next.paymentId)).toMatchObject({ toGiveBack: [step.paymentId] });
    await activities.failPayment(aFailure(next));
    expect(await activities.endHold(anEnd(hold))).toEqual({
      status: 'RELEASED',
      millisecondsLeft: 0,
      toGiveBack: [step.paymentId],
    });

    await activities.giveBackCharge(step.paymentId, 'lost');
    expect(await activities.endHold(anEnd(hold))).toMatchObject({ status: 'RELEASED', toGiveBack: [] });
  });

  it('that is open keeps the reservation in PAYING when another attempt fails', async () => {
    const { hold, step } = await anOpenPayment();

    await activities.failPayment(aFailure(await fixture.request(hold)));

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await activities.findOpenPayment(hold.reservationId)).toBe(step.paymentId);
  });

  it('that was confirmed makes the end of the hold return CONFIRMED, and the next attempt is rejected', async () => {
    const { hold, step } = await anOpenPayment();
    await activities.confirmReservation(aConfirmation(step));

    expect(await activities.endHold(anEnd(hold))).toMatchObject({ status: 'CONFIRMED' });
    await expect(activities.openPayment((await fixture.request(hold)).paymentId)).rejects.toMatchObject({
      slug: 'reservation-already-confirmed',
    });
    expect(await fixture.books.faults()).toEqual([]);
  });
});
