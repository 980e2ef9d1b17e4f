import { setTimeout as sleep } from 'node:timers/promises';
import { createPaymentSteps, type PaymentSteps } from '../../../src/db/payments/paymentSteps';
import { createPaymentStore, type PaymentStore } from '../../../src/db/payments/paymentStore';
import { inTransaction } from '../../../src/db/stores';
import { anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';
import { untilAStatementWaits } from '../../support/waiting';

let fixture: Fixture;
let steps: PaymentSteps;
let payments: PaymentStore;

beforeAll(async () => {
  fixture = await createFixture();
  steps = createPaymentSteps(fixture.database.db);
  payments = createPaymentStore(fixture.database.db);
});

// No gateway is part of these tests.
afterEach(async () => {
  const faults = await fixture.books.faults();
  if (faults.length > 0) throw new Error(faults.join('\n'));
});

afterAll(async () => fixture?.drop());

/** A hold of two seats, and a recorded attempt to pay it. The buyer has enough points, unless `points` says otherwise. */
async function anAttemptToPay(points = 2 * PRICE) {
  const { owner } = fixture.database;
  const sale = await createSale(owner, { seats: 2 });
  const userId = await createUser(owner, points);
  const hold = aGrant(sale, userId, sale.seatIds);
  await fixture.grant(hold);
  const { paymentId } = await fixture.request(hold, anAttempt(2));
  const approval = {
    paymentId,
    gatewayPaymentId: 'gateway-1',
    approvedAt: new Date('2030-01-01T00:00:00.000Z'),
  };
  return { ...hold, paymentId, approval };
}

/** Everything that the two steps change. */
async function stateOf({ reservationId, userId, paymentId }: Awaited<ReturnType<typeof anAttemptToPay>>) {
  const { books } = fixture;
  return {
    payment: (await books.payment(paymentId))?.status,
    reservation: await books.reservationStatus(reservationId),
    balance: await books.balance(userId),
    journals: await books.journals(reservationId),
    tickets: (await books.tickets(reservationId)).length,
  };
}

const REQUESTED = { payment: 'REQUESTED', reservation: 'HELD', balance: 2 * PRICE, journals: [], tickets: 0 };
const OPEN = {
  payment: 'PENDING',
  reservation: 'PAYING',
  balance: 0,
  journals: ['POINTS_TAKEN'],
  tickets: 0,
};

describe('opening an attempt', () => {
  it('takes the points and starts the payment, once', async () => {
    const attempt = await anAttemptToPay();

    expect(await steps.open(attempt.paymentId)).toMatchObject({
      opened: true,
      payment: { status: 'PENDING', amount: { points: 2 * PRICE, card: 2 * BOOKING_FEE } },
      toGiveBack: [],
    });
    expect(await stateOf(attempt)).toEqual(OPEN);
    expect(await steps.open(attempt.paymentId)).toMatchObject({
      opened: false,
      payment: { status: 'PENDING' },
      toGiveBack: [],
    });
    expect(await stateOf(attempt)).toEqual(OPEN);
  });

  it('has no effect if another transaction opens it at the same time', async () => {
    const attempt = await anAttemptToPay();
    const first = await fixture.database.db.transaction();
    await createPaymentSteps(first).open(attempt.paymentId);
    const second = steps.open(attempt.paymentId);
    await untilAStatementWaits(fixture.database.owner);
    await first.commit();

    expect(await second).toMatchObject({ opened: false, payment: { status: 'PENDING' } });
    expect(await stateOf(attempt)).toEqual(OPEN);
  });

  it('has no effect if the wallet has too few points, and reports both amounts', async () => {
    const attempt = await anAttemptToPay(2 * PRICE - 1);

    await expect(steps.open(attempt.paymentId)).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: 2 * PRICE - 1, required: 2 * PRICE },
    });
    expect(await stateOf(attempt)).toEqual({ ...REQUESTED, balance: 2 * PRICE - 1 });
  });

  it('has no effect if a parallel payment takes the points first', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    const debit = await db.transaction();
    await debit('wallets').where({ user_id: attempt.userId }).decrement('balance', 1);
    const opening = steps.open(attempt.paymentId);
    await untilAStatementWaits(owner);
    await debit.commit();

    await expect(opening).rejects.toMatchObject({ members: { balance: 2 * PRICE - 1, required: 2 * PRICE } });
    await owner('wallets').where({ user_id: attempt.userId }).increment('balance', 1);
    expect(await stateOf(attempt)).toEqual(REQUESTED);
  });

  it('has no effect if the hold ends meanwhile', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    const reservation = owner('reservations').where({ id: attempt.reservationId });
    const ending = await db.transaction();
    await reservation.clone().transacting(ending).update({ status: 'EXPIRED' });
    const opening = steps.open(attempt.paymentId);
    await untilAStatementWaits(owner);
    await ending.commit();

    expect(await opening).toMatchObject({ opened: false, reservationStatus: 'EXPIRED' });
    expect(await stateOf(attempt)).toEqual({ ...REQUESTED, reservation: 'EXPIRED' });
    await reservation.clone().update({ status: 'HELD' });
  });

  it('has no effect if the time of the hold ends while it waits for another transaction', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    await owner('reservations')
      .where({ id: attempt.reservationId })
      .update({ expires_at: new Date(Date.now() + 500) });
    const locking = await db.transaction();
    await locking('payments').where({ id: attempt.paymentId }).forUpdate().select('id');
    const opening = steps.open(attempt.paymentId);
    await untilAStatementWaits(owner);
    await sleep(600);
    await locking.rollback();

    expect(await opening).toMatchObject({ opened: false, reservationStatus: 'HELD' });
    expect(await stateOf(attempt)).toEqual(REQUESTED);
  });

  it('happens after the wait if the other transaction changes nothing that matters', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    const touching = await db.transaction();
    await touching('payments').where({ id: attempt.paymentId }).update({ status: 'REQUESTED' });
    await touching('wallets').where({ user_id: attempt.userId }).increment('balance', 1);
    const opening = steps.open(attempt.paymentId);
    await untilAStatementWaits(owner);
    await touching.commit();

    expect(await opening).toMatchObject({ opened: true });
    expect(await stateOf(attempt)).toEqual({ ...OPEN, balance: 1 });
    await owner('wallets').where({ user_id: attempt.userId }).decrement('balance', 1);
  });

  it('has no effect on an attempt that was withdrawn, until it is requested again', async () => {
    const attempt = await anAttemptToPay();
    await payments.withdraw(attempt.paymentId);

    expect(await steps.open(attempt.paymentId)).toMatchObject({
      opened: false,
      payment: { status: 'WITHDRAWN' },
    });
    await fixture.request(attempt, { ...anAttempt(2), paymentId: attempt.paymentId });
    expect(await steps.open(attempt.paymentId)).toMatchObject({ opened: true });
  });
});

describe('confirming an attempt', () => {
  it('sells the seats, issues the tickets and books the sale, once', async () => {
    const attempt = await anAttemptToPay();
    await steps.open(attempt.paymentId);

    const confirmed = await steps.confirm(attempt.approval);

    const { reservationId, scheduleId, seatIds } = attempt;
    expect(confirmed).toMatchObject({ reservationId, scheduleId });
    expect(confirmed?.tickets.map(({ seatId }) => seatId).toSorted()).toEqual([...seatIds]);
    const sold = {
      payment: 'SUCCEEDED',
      reservation: 'CONFIRMED',
      balance: 0,
      journals: ['POINTS_TAKEN', 'SALE'],
      tickets: 2,
    };
    expect(await stateOf(attempt)).toEqual(sold);
    expect(await fixture.books.seat(seatIds[0] ?? '')).toEqual({ reservationId, sold: true });
    expect(await payments.find(attempt.paymentId)).toMatchObject({
      gatewayPaymentId: 'gateway-1',
      reason: null,
    });
    expect(await fixture.books.account('house:revenue', reservationId)).toBe(2 * PRICE);
    expect(await fixture.books.account('house:booking-fees', reservationId)).toBe(2 * BOOKING_FEE);
    expect(await fixture.books.account('house:pending', reservationId)).toBe(0);
    const notified = await fixture.database
      .owner('outbox')
      .whereRaw("payload->>'reservationId' = ?", [reservationId]);
    expect(notified).toMatchObject([
      {
        kind: 'reservation-confirmed',
        payload: { reservationId, userId: attempt.userId, paymentId: attempt.paymentId },
      },
    ]);

    expect(await steps.confirm(attempt.approval)).toBeNull();
    expect(await stateOf(attempt)).toEqual(sold);
  });

  it('has no effect if the attempt fails meanwhile', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    await steps.open(attempt.paymentId);
    const closing = await db.transaction();
    await createPaymentStore(closing).fail(attempt.paymentId, 'no-answer', false);
    const confirming = steps.confirm(attempt.approval);
    await untilAStatementWaits(owner);
    await closing.commit();
    expect(await confirming).toBeNull();
    expect(await stateOf(attempt)).toEqual({ ...OPEN, payment: 'FAILED' });
    await undo(attempt.paymentId);
  });

  it('happens after the wait if the attempt only starts to settle meanwhile', async () => {
    const { db, owner } = fixture.database;
    const attempt = await anAttemptToPay();
    await steps.open(attempt.paymentId);
    const settling = await db.transaction();
    await createPaymentStore(settling).markSettling(attempt.paymentId);
    await settling('reservations').where({ id: attempt.reservationId }).update({ status: 'SETTLING' });
    const confirming = steps.confirm(attempt.approval);
    await untilAStatementWaits(owner);
    await settling.commit();

    expect((await confirming)?.tickets).toHaveLength(2);
    expect(await stateOf(attempt)).toMatchObject({ payment: 'SUCCEEDED', reservation: 'CONFIRMED' });
  });

  it.each([
    ['the reservation has ended', { reservations: { status: 'EXPIRED' } }],
    ['its seats were released', { allocations: { released_at: new Date() } }],
  ] as const)('has no effect if %s', async (_why, change) => {
    const { owner } = fixture.database;
    const attempt = await anAttemptToPay();
    await steps.open(attempt.paymentId);
    const { reservationId } = attempt;
    if ('reservations' in change)
      await owner('reservations').where({ id: reservationId }).update(change.reservations);
    else await owner('allocations').where({ reservation_id: reservationId }).update(change.allocations);
    const before = await stateOf(attempt);

    expect(await steps.confirm(attempt.approval)).toBeNull();
    expect(await stateOf(attempt)).toEqual(before);
    await owner('allocations').where({ reservation_id: reservationId }).update({ released_at: null });
    await owner('reservations').where({ id: reservationId }).update({ status: 'PAYING' });
    await steps.confirm(attempt.approval);
  });
});

/** Returns the points of a failed attempt, so that the books are in order at the end of the test. */
async function undo(paymentId: string): Promise<void> {
  const payment = await payments.find(paymentId);
  if (!payment) throw new Error('no such payment');
  await inTransaction(fixture.database.db, async ({ ledger }) =>
    ledger.post({
      key: `points-returned:${paymentId}`,
      kind: 'POINTS_RETURNED',
      currency: payment.amount.currency,
      reservationId: payment.reservationId,
      paymentId,
      wallet: { userId: payment.userId, amount: payment.amount.points },
      house: [{ account: 'house:pending', amount: -payment.amount.points }],
    }),
  );
}
