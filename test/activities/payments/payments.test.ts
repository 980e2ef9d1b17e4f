import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import { createPaymentStore } from '../../../src/db/payments/paymentStore';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aFailure, aGrant, anEnd } from '../../support/steps';

let fixture: Fixture;
let activities: Activities;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
});

afterAll(async () => fixture?.drop());

/** A recorded hold of one seat, and the points for it. */
async function aRecordedHold(points = PRICE) {
  const { owner } = fixture.database;
  const sale = await createSale(owner);
  const userId = await createUser(owner, points);
  const hold = aGrant(sale, userId, sale.seatIds);
  await fixture.grant(hold);
  return { sale, userId, hold };
}

const faults = async (): Promise<string[]> => fixture.books.faults();

describe('taking the points', () => {
  it('twice takes them once', async () => {
    const { userId, hold } = await aRecordedHold(3 * PRICE);
    const step = await fixture.request(hold);

    await Promise.all([activities.openPayment(step.paymentId), activities.openPayment(step.paymentId)]);
    await activities.openPayment(step.paymentId);

    expect(await fixture.books.balance(userId)).toBe(2 * PRICE);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await faults()).toEqual([]);
  });

  it('from a wallet with too few points takes nothing and opens nothing', async () => {
    const { userId, hold } = await aRecordedHold(PRICE - 1);
    const step = await fixture.request(hold);

    await expect(activities.openPayment(step.paymentId)).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: PRICE - 1, required: PRICE },
    });

    expect(await fixture.books.balance(userId)).toBe(PRICE - 1);
    expect(await fixture.books.payment(step.paymentId)).toMatchObject({ status: 'REQUESTED' });
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('HELD');
  });

  it('for a hold that has ended is rejected', async () => {
    const { userId, hold } = await aRecordedHold();
    await activities.endHold(anEnd(hold));

    await expect(activities.openPayment((await fixture.request(hold)).paymentId)).rejects.toMatchObject({
      slug: 'reservation-expired',
    });

    expect(await fixture.books.balance(userId)).toBe(PRICE);
  });

  it('for a hold that is over by the clock of Postgres is rejected: no charge starts after the hold', async () => {
    const { userId, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await fixture.letExpire(hold.reservationId);

    await expect(activities.openPayment(step.paymentId)).rejects.toMatchObject({
      slug: 'reservation-expired',
    });

    expect(await fixture.books.balance(userId)).toBe(PRICE);
  });

  it('for a payment that was not requested, or was withdrawn, is rejected', async () => {
    const { userId, hold } = await aRecordedHold();
    const { paymentId } = await fixture.request(hold);
    await createPaymentStore(fixture.database.db).withdraw(paymentId);

    for (const id of [paymentId, randomUUID()]) {
      await expect(activities.openPayment(id)).rejects.toMatchObject({ slug: 'payment-failed' });
    }

    expect(await fixture.books.balance(userId)).toBe(PRICE);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('HELD');
  });

  it('after the attempt was undone is rejected', async () => {
    const { userId, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.failPayment(aFailure(step));

    await expect(activities.openPayment(step.paymentId)).rejects.toMatchObject({ slug: 'payment-failed' });

    expect(await fixture.books.balance(userId)).toBe(PRICE);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('HELD');
    expect(await faults()).toEqual([]);
  });

  it('after a rejection for too few points is rejected for the same reason', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.failPayment({ ...aFailure(step), reason: 'insufficient-points' });

    await expect(activities.openPayment(step.paymentId)).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: PRICE, required: step.amount.points },
    });
  });
});

describe('undoing a payment', () => {
  it('twice returns the points once', async () => {
    const { userId, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);

    await Promise.all([activities.failPayment(aFailure(step)), activities.failPayment(aFailure(step))]);
    await activities.failPayment(aFailure(step));

    expect(await fixture.books.balance(userId)).toBe(PRICE);
    expect(await fixture.books.journals(hold.reservationId)).toEqual(['POINTS_TAKEN', 'POINTS_RETURNED']);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('HELD');
    expect(await faults()).toEqual([]);
  });

  it('returns nothing if nothing was taken', async () => {
    const { userId, hold } = await aRecordedHold();

    await activities.failPayment(aFailure(await fixture.request(hold)));

    expect(await fixture.books.balance(userId)).toBe(PRICE);
    expect(await fixture.books.journals(hold.reservationId)).toEqual([]);
  });

  it('books a voided charge once, in and out', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);

    await activities.chargeCard(chargeOfPayment(step));
    await activities.giveBackCharge(step.paymentId, 'test');
    await activities.giveBackCharge(step.paymentId, 'test');

    expect(await fixture.books.journals(hold.reservationId)).toEqual([
      'POINTS_TAKEN',
      'POINTS_RETURNED',
      'CHARGE_VOIDED',
    ]);
    expect(await fixture.books.account('gateway:clearing:sandbox', hold.reservationId)).toBe(0);
  });

  it('late does not change the next attempt', async () => {
    const { userId, hold } = await aRecordedHold();
    const [first, second] = [await fixture.request(hold), await fixture.request(hold)];
    await activities.openPayment(first.paymentId);
    await activities.failPayment(aFailure(first));
    await activities.openPayment(second.paymentId);

    await activities.failPayment(aFailure(first));

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await fixture.books.balance(userId)).toBe(0);
    await expect(activities.confirmReservation(aConfirmation(second))).resolves.toHaveLength(1);
    expect(await faults()).toEqual([]);
  });

  it('does nothing once the payment has succeeded', async () => {
    const { userId, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    await activities.confirmReservation(aConfirmation(step));

    expect(await activities.failPayment(aFailure(step))).toBe('SUCCEEDED');
    await activities.giveBackCharge(step.paymentId, 'test');
    expect(fixture.gateway.calls).not.toContain(`void ${step.paymentId}`);

    expect(await fixture.books.balance(userId)).toBe(0);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('CONFIRMED');
    expect(await faults()).toEqual([]);
  });
});

describe('marking a payment that settles', () => {
  it('late does not change the next attempt', async () => {
    const { hold } = await aRecordedHold();
    const [first, second] = [await fixture.request(hold), await fixture.request(hold)];
    await activities.openPayment(first.paymentId);
    await activities.failPayment(aFailure(first));
    await activities.openPayment(second.paymentId);

    await activities.markSettling(first.paymentId);

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await fixture.books.payment(first.paymentId)).toMatchObject({ status: 'FAILED' });
  });

  it('twice marks it once, and it can still be confirmed', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);

    await activities.markSettling(step.paymentId);
    await activities.markSettling(step.paymentId);

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('SETTLING');
    await expect(activities.confirmReservation(aConfirmation(step))).resolves.toHaveLength(1);
  });
});

describe('confirming', () => {
  it('twice sells, issues, books and notifies once, with the same tickets', async () => {
    const { sale, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    const confirmation = aConfirmation(step);

    const [first, second] = await Promise.all([
      activities.confirmReservation(confirmation),
      activities.confirmReservation(confirmation),
    ]);

    expect(second).toEqual(first);
    expect(first.map((ticket) => ticket.seatId)).toEqual(sale.seatIds);
    expect(await fixture.books.journals(hold.reservationId)).toEqual(['POINTS_TAKEN', 'SALE']);
    expect(await notificationsOf(hold.reservationId)).toBe(1);
    expect(await faults()).toEqual([]);
  });

  it('books the seats as revenue, the fees separately, and what the gateway owes', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);

    await activities.confirmReservation(aConfirmation(step));

    const account = async (name: string) => fixture.books.account(name, hold.reservationId);
    expect(await account('house:revenue')).toBe(PRICE);
    expect(await account('house:booking-fees')).toBe(BOOKING_FEE);
    expect(await account('gateway:clearing:sandbox')).toBe(-BOOKING_FEE);
    expect(await account('house:pending')).toBe(0);
    expect(await account(`wallet:${hold.userId}`)).toBe(-PRICE);
  });

  it('keeps the seat claimed, so that Redis rejects later claims', async () => {
    const { sale, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    await activities.confirmReservation(aConfirmation(step));

    expect(await fixture.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, 'another')).toEqual(
      sale.seatIds,
    );
  });

  it('after the attempt was blocked is rejected, and nothing is sold', async () => {
    const { sale, hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    expect(await activities.failPayment({ ...aFailure(step), reason: 'no-answer' })).toBe('FAILED');

    await expect(activities.confirmReservation(aConfirmation(step))).rejects.toMatchObject({
      slug: 'payment-failed',
    });

    expect(await fixture.books.seat(sale.seatId)).toEqual({ reservationId: hold.reservationId, sold: false });
    expect(await fixture.books.tickets(hold.reservationId)).toEqual([]);
  });

  it('that was committed cannot be blocked any more', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    await activities.confirmReservation(aConfirmation(step));

    expect(await activities.failPayment({ ...aFailure(step), reason: 'no-answer' })).toBe('SUCCEEDED');

    expect(await fixture.books.payment(step.paymentId)).toEqual({ status: 'SUCCEEDED', reason: null });
  });

  it('and blocking the attempt at once: exactly one of them takes effect', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);

    const [confirmed, failed] = await Promise.allSettled([
      activities.confirmReservation(aConfirmation(step)),
      activities.failPayment({ ...aFailure(step), reason: 'no-answer' }),
    ]);

    const won = confirmed.status === 'fulfilled';
    expect(failed).toMatchObject({ status: 'fulfilled', value: won ? 'SUCCEEDED' : 'FAILED' });
    expect(await fixture.books.tickets(hold.reservationId)).toHaveLength(won ? 1 : 0);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe(won ? 'CONFIRMED' : 'HELD');
  });

  it('is rejected as a whole if the seats are gone', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    // No step of the service ends a hold with an open payment. A manual change of the database can.
    const { owner } = fixture.database;
    const endedAt = new Date();
    await owner('reservations')
      .where({ id: hold.reservationId })
      .update({ status: 'EXPIRED', ended_at: endedAt });
    await owner('allocations').where({ reservation_id: hold.reservationId }).update({ released_at: endedAt });

    await expect(activities.confirmReservation(aConfirmation(step))).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'seats-gone' },
    });

    expect(await fixture.books.payment(step.paymentId)).toMatchObject({ status: 'PENDING' });
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('EXPIRED');
    await activities.failPayment(aFailure(step));
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('EXPIRED');
    expect(await faults()).toEqual([]);
  });
});

describe('refunding a charge', () => {
  it('throws until the gateway has answered, so that it is tried again', async () => {
    fixture.gateway.unanswered.voids = 1;
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);

    await expect(activities.giveBackCharge(paymentId, 'test')).rejects.toThrow('has not answered');
    await expect(activities.giveBackCharge(paymentId, 'test')).resolves.toBeUndefined();
  });

  it('does not void a charge that another run of the steps has confirmed', async () => {
    const { hold } = await aRecordedHold();
    const step = await fixture.request(hold);
    await activities.openPayment(step.paymentId);
    await fixture.gateway.charge(chargeOfPayment(step));
    await activities.confirmReservation(aConfirmation(step));

    await activities.giveBackCharge(step.paymentId, 'no-answer');

    expect(fixture.gateway.taken(step.paymentId)).toBe(BOOKING_FEE);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('CONFIRMED');
  });
});

async function notificationsOf(reservationId: string): Promise<number> {
  const rows = await fixture.database
    .owner('outbox')
    .whereRaw("payload->>'reservationId' = ?", [reservationId]);
  return rows.length;
}
