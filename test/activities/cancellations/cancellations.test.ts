import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { createActivities, type Activities } from '../../../src/activities';
import type { CancellationDecision } from '../../../src/activities/cancellations/cancellations';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { createCancellationStore } from '../../../src/db/cancellations/cancellationStore';
import { createRefundStore } from '../../../src/db/payments/refundStore';
import { createShowCancellationStore } from '../../../src/db/cancellations/showCancellationStore';
import { createTicketStore, type CheckInResult } from '../../../src/db/tickets/ticketStore';
import { KOREAN_POLICY, type CancellationPolicy } from '../../../src/domain/cancellations/cancellationPolicy';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { createCancelling, type Cancelling } from '../../support/cancelling';
import {
  anAttempt,
  BOOKING_FEE,
  createSale,
  createUser,
  KEEPS_30_PERCENT,
  PRICE,
} from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aGrant } from '../../support/steps';
import { untilAStatementWaits } from '../../support/waiting';

let fixture: Fixture;
let activities: Activities;
let cancelling: Cancelling;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
  cancelling = createCancelling(fixture, activities);
});

afterEach(async () => fixture.endTest());

afterAll(async () => fixture?.drop());

/** A paid hold: the seats with points unless the options say otherwise, the booking fee by card. */
async function aSale(options: { seats?: number; policy?: CancellationPolicy; points?: number } = {}) {
  const { seats = 1, policy = KEEPS_30_PERCENT, points = seats * PRICE } = options;
  const { owner } = fixture.database;
  const sale = await createSale(owner, { seats, cancellationPolicy: policy });
  const userId = await createUser(owner, seats * PRICE);
  const hold = aGrant(sale, userId, sale.seatIds);
  await fixture.grant(hold);
  const step = await fixture.request(hold, anAttempt(seats, points));
  await activities.openPayment(step.paymentId);
  const charged = await activities.chargeCard(chargeOfPayment(step));
  if (charged.outcome !== 'approved') throw new Error('the charge is not approved');
  const { gatewayPaymentId } = charged;
  const tickets = await activities.confirmReservation({ ...aConfirmation(step), gatewayPaymentId });
  return { sale, userId, reservationId: hold.reservationId, paymentId: step.paymentId, tickets };
}

async function checkIn(ticketId: string, db: Knex = fixture.database.db): Promise<CheckInResult> {
  const staffId = await createUser(fixture.database.owner);
  return createTicketStore(db).checkIn({ ticketId, version: 1, staffId, gate: 'North' });
}

/** Cancelled by the organiser: the booking fee is due to the card. */
async function aDueRefund() {
  const sold = await aSale();
  const { cancellationId } = await cancelling.cancel(sold.reservationId, 'ORGANISER');
  return { ...sold, cancellationId };
}

async function complete(cancellationId: string): Promise<void> {
  await Promise.all([cancelling.refund(cancellationId), cancelling.refund(cancellationId)]);
}

/** The customer requests the cancellation at this instant. */
async function cancelAt(reservationId: string, requestedAt: number) {
  const cancellationId = await fixture.requestCancellation(reservationId);
  const { owner } = fixture.database;
  await owner('cancellation_requests')
    .where({ id: cancellationId })
    .update({ requested_at: new Date(requestedAt) });
  return activities.cancelReservation(cancellationId);
}

const cancel = async (reservationId: string) => (await cancelling.cancel(reservationId, 'CUSTOMER')).decision;

const refusedWith = (reason: string) => ({ status: 'REFUSED', reason });

describe('a hold', () => {
  it("freezes the schedule's policy, the time of the show and the venue's time zone", async () => {
    const { owner, db } = fixture.database;
    const { reservationId, sale } = await aSale();
    const before = await createCancellationStore(db).facts(reservationId, null);

    await owner('schedules')
      .where({ id: sale.scheduleId })
      .update({ cancellation_policy: KOREAN_POLICY, starts_at: new Date('2030-01-01T10:00:00Z') });
    await owner('venues').update({ time_zone: 'America/New_York' });

    expect(before).toMatchObject({ policy: KEEPS_30_PERCENT, timeZone: 'Asia/Seoul' });
    expect(await createCancellationStore(db).facts(reservationId, null)).toEqual(before);
    await owner('venues').update({ time_zone: 'Asia/Seoul' });
  });

  it('of the release before, with nothing frozen, uses the terms of its schedule', async () => {
    const { owner, db } = fixture.database;
    const { reservationId } = await aSale();
    await owner('reservations')
      .where({ id: reservationId })
      .update({ cancellation_policy: null, starts_at: null, time_zone: null });

    expect(await createCancellationStore(db).facts(reservationId, null)).toMatchObject({
      policy: KEEPS_30_PERCENT,
      startsAt: new Date('9000-01-01T00:00:00Z'),
      timeZone: 'Asia/Seoul',
    });
  });

  it('of a schedule without a policy freezes the Korean policy', async () => {
    const { owner, db } = fixture.database;
    const { seatIds, scheduleId } = await createSale(owner);
    const hold = aGrant({ scheduleId }, await createUser(owner), seatIds);
    await fixture.grant(hold);

    expect(await createCancellationStore(db).facts(hold.reservationId, null)).toMatchObject({
      policy: KOREAN_POLICY,
    });
  });
});

describe('cancelling', () => {
  it('records every figure, and updates Redis and the outbox', async () => {
    const { reservationId, sale, userId } = await aSale({ seats: 2 });

    const { cancellationId, decision } = await cancelling.cancel(reservationId, 'CUSTOMER');

    const kept = 2 * (15_000 + BOOKING_FEE);
    const points = 2 * (PRICE + BOOKING_FEE) - kept;
    const refund = { points, card: 0, total: points, currency: 'KRW' };
    expect(decision).toEqual({
      status: 'CANCELLED',
      reservationId,
      fee: 30_000,
      refund,
      nextRefund: null,
    });
    const request = await requests().find(cancellationId);
    expect(request).toMatchObject({ status: 'ACCEPTED', reason: null });
    expect(await createCancellationStore(fixture.database.db).find(cancellationId)).toEqual({
      cancellationId,
      reservationId,
      cause: 'CUSTOMER',
      seatIds: sale.seatIds.toSorted(),
      tickets: 2 * PRICE,
      bookingFee: 2 * BOOKING_FEE,
      whole: true,
      rule: 'days-before-show',
      fee: 30_000,
      bookingFeeRefund: 0,
      refund,
      cancelledAt: request?.requestedAt,
      cardRefund: null,
    });
    const { seatClaim } = fixture.dependencies;
    expect(await seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual([]);
    const notes = await fixture.database.owner('outbox').where({ kind: 'reservation-cancelled' });
    expect(notes).toContainEqual(
      expect.objectContaining({
        payload: {
          reservationId,
          userId,
          cause: 'CUSTOMER',
          seatIds: sale.seatIds.toSorted(),
          whole: true,
        },
      }),
    );
  });

  it('frees no seat before its commit', async () => {
    const { reservationId, sale } = await aSale();
    const { owner } = fixture.database;
    const cancellationId = await fixture.requestCancellation(reservationId);
    // The last step fails, so Postgres rolls everything back.
    await owner.raw('REVOKE INSERT ON outbox FROM holdfast_app');
    try {
      await expect(activities.cancelReservation(cancellationId)).rejects.toThrow('outbox');
    } finally {
      await owner.raw('GRANT INSERT ON outbox TO holdfast_app');
    }

    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await fixture.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
    expect(await requests().find(cancellationId)).toMatchObject({ status: 'REQUESTED' });
    const { seatClaim } = fixture.dependencies;
    expect(await seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual(sale.seatIds);
  });

  it('twice cancels once, and returns the same decision', async () => {
    const { reservationId, userId } = await aSale();
    const cancellationId = await fixture.requestCancellation(reservationId);

    const decisions = await Promise.all([
      activities.cancelReservation(cancellationId),
      activities.cancelReservation(cancellationId),
    ]);
    decisions.push(await activities.cancelReservation(cancellationId));

    expect(new Set(decisions.map((decision) => JSON.stringify(decision))).size).toBe(1);
    expect(await fixture.books.balance(userId)).toBe(PRICE - 15_000);
    expect(await fixture.books.journals(reservationId)).toEqual(['POINTS_TAKEN', 'SALE', 'CANCELLATION']);
  });

  it('by several requests at once succeeds for one of them', async () => {
    const { reservationId, userId } = await aSale();

    const decisions = await Promise.all([1, 2, 3, 4].map(async () => cancel(reservationId)));

    const refusals = decisions.filter(({ status }) => status === 'REFUSED');
    expect(refusals).toEqual([1, 2, 3].map(() => refusedWith('already-cancelled')));
    expect(await fixture.books.balance(userId)).toBe(PRICE - 15_000);
  });

  it('late does not touch the seat of a newer reservation', async () => {
    const { owner } = fixture.database;
    const { reservationId, sale } = await aSale();
    const { cancellationId } = await cancelling.cancel(reservationId, 'CUSTOMER');
    const newer = aGrant(sale, await createUser(owner), sale.seatIds);
    await fixture.grant(newer);

    await activities.cancelReservation(cancellationId);

    expect(await fixture.books.seat(sale.seatId)).toEqual({
      reservationId: newer.reservationId,
      sold: false,
    });
    expect(await fixture.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual(
      sale.seatIds,
    );
  });

  it('is decided by the instant of the request', async () => {
    const { reservationId } = await aSale();
    const startsAt = Date.now() + 60_000;
    await fixture.database
      .owner('reservations')
      .where({ id: reservationId })
      .update({ starts_at: new Date(startsAt) });

    expect(await cancelAt(reservationId, startsAt)).toEqual(refusedWith('too-late'));
    await cancelAt(reservationId, startsAt - 1);

    expect(await fixture.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  it('that was rejected stays rejected, even if the reservation has changed since', async () => {
    const { reservationId } = await aSale();
    const { owner } = fixture.database;
    const reservation = owner('reservations').where({ id: reservationId });
    await reservation.clone().update({ starts_at: new Date() });
    const { cancellationId, decision } = await cancelling.cancel(reservationId, 'CUSTOMER');
    await reservation.clone().update({ starts_at: new Date('9000-01-01') });

    expect(await activities.cancelReservation(cancellationId)).toEqual(decision);

    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });
});

async function cancelSeats(reservationId: string, seatIds: string[]) {
  const cancellationId = await fixture.requestCancellation(reservationId, 'CUSTOMER', seatIds);
  return { cancellationId, decision: await activities.cancelReservation(cancellationId) };
}

/** The status of the ticket of each seat. */
async function ticketsOf(reservationId: string): Promise<Map<string, string>> {
  const rows = await fixture.database
    .owner('tickets')
    .where({ reservation_id: reservationId })
    .select<{ seat_id: string; status: string }[]>('seat_id', 'status');
  return new Map(rows.map((row) => [row.seat_id, row.status]));
}

describe('cancelling some seats', () => {
  const FREE = {
    ...KEEPS_30_PERCENT,
    fees: [{ untilDaysBefore: 0, percent: 0 }],
    bookingFeeRefundDays: 1_000,
  };

  it('keeps a fee for each, frees them, and leaves the others sold with their tickets', async () => {
    const { reservationId, sale, userId, paymentId } = await aSale({ seats: 3 });
    const [first = '', second = '', third = ''] = sale.seatIds;

    const { cancellationId, decision } = await cancelSeats(reservationId, [second]);

    const refund = { points: PRICE - 15_000, card: 0, total: PRICE - 15_000, currency: 'KRW' };
    expect(decision).toMatchObject({ status: 'CANCELLED', fee: 15_000, refund, nextRefund: null });
    expect(await createCancellationStore(fixture.database.db).find(cancellationId)).toMatchObject({
      seatIds: [second],
      tickets: PRICE,
      bookingFee: BOOKING_FEE,
      whole: false,
    });
    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await fixture.books.seat(second)).toBe('AVAILABLE');
    expect(await fixture.books.seat(first)).toEqual({ reservationId, sold: true });
    expect(await ticketsOf(reservationId)).toEqual(
      new Map([
        [first, 'VALID'],
        [second, 'VOID'],
        [third, 'VALID'],
      ]),
    );
    expect(await fixture.books.balance(userId)).toBe(refund.points);
    expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
    const { seatClaim } = fixture.dependencies;
    expect(await seatClaim.claim(sale.scheduleId, [second], randomUUID())).toEqual([]);
  });

  it.each([
    ['points for one seat', 60_000],
    ['points for nothing', 0],
    ['points for all seats', 3 * PRICE],
  ])('one by one refunds what was paid and not more, points first: %s', async (_, points) => {
    const { reservationId, sale, userId, paymentId } = await aSale({ seats: 3, policy: FREE, points });
    const before = await fixture.books.balance(userId);
    let back = 0;

    for (const seatId of sale.seatIds) {
      const { cancellationId, decision } = await cancelSeats(reservationId, [seatId]);
      if (decision.status !== 'CANCELLED') throw new Error('it is not cancelled');
      const { refund, nextRefund } = decision;
      expect(refund.total).toBe(PRICE + BOOKING_FEE);
      expect(refund.points).toBe(Math.min(points - back, refund.total));
      back += refund.points;
      if (nextRefund !== null) await cancelling.refund(cancellationId);
    }

    expect(await fixture.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await fixture.books.balance(userId)).toBe(before + points);
    expect(fixture.gateway.taken(paymentId)).toBe(0);
    expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });

  it('whose card refunds end at the same moment leaves the payment REFUNDED', async () => {
    const { reservationId, sale, paymentId } = await aSale({ seats: 2, policy: FREE, points: 0 });
    const ids: string[] = [];
    for (const seatId of sale.seatIds) ids.push((await cancelSeats(reservationId, [seatId])).cancellationId);

    await Promise.all(ids.map(async (cancellationId) => cancelling.refund(cancellationId)));

    expect(fixture.gateway.taken(paymentId)).toBe(0);
    expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });

  it('a second time is rejected, alone or together with others, and changes nothing', async () => {
    const { reservationId, sale, userId } = await aSale({ seats: 3 });
    const [first = '', second = ''] = sale.seatIds;
    await cancelSeats(reservationId, [first]);
    const balance = await fixture.books.balance(userId);

    for (const seatIds of [[first], [first, second], [randomUUID()]]) {
      const { decision } = await cancelSeats(reservationId, seatIds);
      expect(decision).toEqual(refusedWith('already-cancelled'));
    }

    expect(await fixture.books.seat(second)).toEqual({ reservationId, sold: true });
    expect(await fixture.books.balance(userId)).toBe(balance);
  });

  it('at once cancels each seat once, and the last one ends the reservation', async () => {
    const { reservationId, sale, userId } = await aSale({ seats: 3 });
    const requests = [...sale.seatIds, ...sale.seatIds].map((seatId) => [seatId]);

    const outcomes = await Promise.all(requests.map(async (seatIds) => cancelSeats(reservationId, seatIds)));

    expect(outcomes.filter(({ decision }) => decision.status === 'CANCELLED')).toHaveLength(3);
    expect(await fixture.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await fixture.books.balance(userId)).toBe(3 * (PRICE - 15_000));
  });

  it('is rejected if a ticket of these seats is used, and accepted if only another ticket is', async () => {
    const { reservationId, tickets } = await aSale({ seats: 2 });
    const [used, unused] = tickets;
    await checkIn(used?.ticketId ?? '');

    const refused = await cancelSeats(reservationId, [used?.seatId ?? '']);
    const accepted = await cancelSeats(reservationId, [unused?.seatId ?? '']);

    expect(refused.decision).toEqual(refusedWith('ticket-used'));
    expect(accepted.decision).toMatchObject({ status: 'CANCELLED' });
    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('leaves the rest to the organiser, whose cancellation refunds all of it', async () => {
    const { reservationId, sale, userId, paymentId } = await aSale({ seats: 2, points: 60_000 });
    await cancelSeats(reservationId, sale.seatIds.slice(0, 1));
    const given = PRICE - 15_000;

    const { cancellationId, decision } = await cancelling.cancel(reservationId, 'ORGANISER');

    const left = PRICE + BOOKING_FEE;
    const points = 60_000 - given;
    expect(decision).toMatchObject({ fee: 0, refund: { points, card: left - points, total: left } });
    await cancelling.refund(cancellationId);
    expect(await fixture.books.balance(userId)).toBe(2 * PRICE);
    expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
    expect(await fixture.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  it('leaves seats without a price that the customer and the organiser can also cancel', async () => {
    for (const cause of ['CUSTOMER', 'ORGANISER'] as const) {
      const { reservationId, sale, paymentId, paidSeat } = await aSaleWithAFreeSeat();
      expect((await cancelSeats(reservationId, [paidSeat])).decision).toMatchObject({ status: 'CANCELLED' });
      expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
      const shows = createShowCancellationStore(fixture.database.db);
      expect((await shows.progress(sale.scheduleId)).due).toEqual({ points: 0, card: 0 });

      const { decision } = await cancelling.cancel(reservationId, cause);

      expect(decision).toMatchObject({ status: 'CANCELLED', refund: { total: 0 }, nextRefund: null });
      expect(await fixture.books.reservationStatus(reservationId)).toBe('CANCELLED');
    }
  });

  /** Two seats, paid with points: one costs {@link PRICE}, the other one nothing. No booking fee. */
  async function aSaleWithAFreeSeat() {
    const { owner } = fixture.database;
    const sale = await createSale(owner, { seats: 2, cancellationPolicy: FREE });
    const { scheduleId } = sale;
    const [paidSeat = '', freeSeat = ''] = sale.seatIds;
    await owner('schedules').where({ id: scheduleId }).update({ booking_fee: 0 });
    await owner('grades').insert({
      schedule_id: scheduleId,
      grade: 'F',
      position: 1,
      price: 0,
      color: '#0a0',
    });
    await owner('seats').where({ id: freeSeat }).update({ grade: 'F' });
    const userId = await createUser(owner, PRICE);
    const hold = aGrant(sale, userId, sale.seatIds);
    await fixture.grant(hold);
    const amount = { points: PRICE, card: 0, total: PRICE, currency: 'KRW' };
    const step = await fixture.request(hold, { paymentId: randomUUID(), amount });
    await activities.openPayment(step.paymentId);
    await activities.confirmReservation({ ...aConfirmation(step), gatewayPaymentId: null });
    return { reservationId: hold.reservationId, paymentId: step.paymentId, sale, paidSeat };
  }
});

describe('a request to cancel', () => {
  it('that has no row changes nothing', async () => {
    expect(await activities.cancelReservation(randomUUID())).toEqual({ status: 'NOT_REQUESTED' });
  });

  it('is either withdrawn or decided, never both', async () => {
    const sales = await Promise.all(Array.from({ length: 8 }, async () => aSale()));

    const outcomes = await Promise.all(
      sales.map(async ({ reservationId }) => {
        const cancellationId = await fixture.requestCancellation(reservationId);
        const [decision, withdrawn] = await Promise.all([
          activities.cancelReservation(cancellationId),
          requests().withdraw(cancellationId),
        ]);
        const status = await fixture.books.reservationStatus(reservationId);
        return { decided: decision.status === 'CANCELLED', withdrawn, status };
      }),
    );

    for (const { decided, withdrawn, status } of outcomes) {
      expect(withdrawn).toBe(!decided);
      expect(status).toBe(decided ? 'CANCELLED' : 'CONFIRMED');
    }
  });

  it('that is withdrawn and made again counts from the second time', async () => {
    const { reservationId } = await aSale();
    const cancellationId = await fixture.requestCancellation(reservationId);
    const before = await requests().find(cancellationId);
    await requests().withdraw(cancellationId);

    await requests().request({ cancellationId, reservationId, cause: 'CUSTOMER', seatIds: null });

    const after = await requests().find(cancellationId);
    expect(after?.status).toBe('REQUESTED');
    expect(Number(after?.requestedAt)).toBeGreaterThan(Number(before?.requestedAt));
    expect(await activities.cancelReservation(cancellationId)).toMatchObject({ status: 'CANCELLED' });
    // A request that is made again after its decision keeps the decision.
    await requests().request({ cancellationId, reservationId, cause: 'CUSTOMER', seatIds: null });
    expect(await requests().find(cancellationId)).toMatchObject({ status: 'ACCEPTED' });
  });
});

const requests = () => createCancellationRequestStore(fixture.database.db);

describe('a cancellation and a check-in:', () => {
  it('after a check-in, the cancellation is rejected and changes nothing', async () => {
    const { reservationId, sale, tickets } = await aSale({ seats: 2 });
    const [first] = tickets;
    expect(await checkIn(first?.ticketId ?? '')).toMatchObject({ outcome: 'admitted' });

    expect(await cancel(reservationId)).toEqual(refusedWith('ticket-used'));

    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await fixture.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
  });

  it('the cancellation waits for a check-in under way, and is rejected if that check-in admits', async () => {
    const { owner } = fixture.database;
    const { reservationId, tickets } = await aSale();
    const ticketId = tickets[0]?.ticketId ?? '';
    let deciding: Promise<unknown> = Promise.resolve();

    await owner.transaction(async (gate) => {
      expect(await checkIn(ticketId, gate)).toMatchObject({ outcome: 'admitted' });
      deciding = cancel(reservationId);
      await untilAStatementWaits(fixture.database.owner);
    });

    expect(await deciding).toEqual(refusedWith('ticket-used'));
    expect(await fixture.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('at once, either the check-in admits or the reservation is cancelled', async () => {
    const sales = await Promise.all(Array.from({ length: 8 }, async () => aSale()));

    const outcomes = await Promise.all(
      sales.map(async ({ reservationId, tickets }) => {
        const [admission, decision] = await Promise.all([
          checkIn(tickets[0]?.ticketId ?? ''),
          cancel(reservationId),
        ]);
        return { admitted: admission.outcome === 'admitted', cancelled: decision.status === 'CANCELLED' };
      }),
    );

    for (const { admitted, cancelled } of outcomes) expect(admitted).toBe(!cancelled);
  });

  it('a check-in does not stop the cancellation of the organiser', async () => {
    const { reservationId, tickets, userId } = await aSale();
    await checkIn(tickets[0]?.ticketId ?? '');

    await cancelling.cancel(reservationId, 'ORGANISER');

    expect(await fixture.books.balance(userId)).toBe(PRICE);
    expect(await fixture.books.account('house:refunds-due', reservationId)).toBe(BOOKING_FEE);
    expect(await checkIn(tickets[0]?.ticketId ?? '')).toEqual({ outcome: 'void' });
  });
});

describe('refunding the card', () => {
  it('twice refunds it once, and books the refund once', async () => {
    const { reservationId, paymentId, cancellationId } = await aDueRefund();
    await activities.refundCard({ cancellationId, attempt: 1 });

    await complete(cancellationId);

    expect(fixture.gateway.taken(paymentId)).toBe(0);
    expect(await fixture.books.account('house:refunds-due', reservationId)).toBe(0);
    expect(await fixture.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
    expect((await fixture.books.journals(reservationId)).slice(-2)).toEqual([
      'CANCELLATION',
      'CARD_REFUNDED',
    ]);
  });

  it.each([
    ['more than the card paid', { amount: BOOKING_FEE + 1 }],
    ['money in another currency', { currency: 'USD' }],
  ])('never requests %s', async (_, change) => {
    const { cancellationId } = await aDueRefund();
    const refund = fixture.database.owner('refunds').where({ cancellation_id: cancellationId });
    await refund.clone().update(change);
    const before = fixture.gateway.calls.length;

    await expect(activities.refundCard({ cancellationId, attempt: 1 })).rejects.toThrow(
      'is more than payment',
    );

    expect(fixture.gateway.calls.slice(before)).toEqual([]);
    await refund.clone().update({ amount: BOOKING_FEE, currency: 'KRW' });
    await complete(cancellationId);
  });

  it('throws if nothing is due', async () => {
    const refundOfNobody = { cancellationId: randomUUID(), attempt: 1 };

    await expect(activities.refundCard(refundOfNobody)).rejects.toThrow('no refund');
  });

  it('ignores the late fault of an earlier try after a later try has begun', async () => {
    const { cancellationId } = await aDueRefund();
    fixture.gateway.scriptRefunds('refuse', 'fail');
    await activities.refundCard({ cancellationId, attempt: 1 });
    await expect(activities.refundCard({ cancellationId, attempt: 2 })).rejects.toThrow('unknown');

    const late = { attempt: 1, outcome: 'refused', reason: 'late' } as const;
    await createRefundStore(fixture.database.db).noteFault(cancellationId, late);

    const { nextRefund } = cancelledOf(await activities.cancelReservation(cancellationId));
    expect(nextRefund).toBe(2);
    await cancelling.refund(cancellationId, 2);
    expect(cancelledOf(await activities.cancelReservation(cancellationId)).nextRefund).toBeNull();
  });

  it('in a late try does not call the gateway after a later try has begun or the refund is done', async () => {
    const { cancellationId, paymentId } = await aDueRefund();
    fixture.gateway.scriptRefunds('refuse');
    await activities.refundCard({ cancellationId, attempt: 1 });
    const before = fixture.gateway.calls.length;

    expect(await activities.refundCard({ cancellationId, attempt: 1 })).toMatchObject({ outcome: 'refused' });

    expect(fixture.gateway.calls.slice(before)).toEqual([]);
    await cancelling.refund(cancellationId, 2);
    const done = fixture.gateway.calls.length;
    const late = await activities.refundCard({ cancellationId, attempt: 1 });
    expect(late).toEqual(await activities.refundCard({ cancellationId, attempt: 2 }));
    expect(late).toMatchObject({ outcome: 'refunded' });
    expect(fixture.gateway.calls.slice(done)).toEqual([]);
    expect(fixture.gateway.taken(paymentId)).toBe(0);
  });
});

function cancelledOf(decision: CancellationDecision) {
  if (decision.status !== 'CANCELLED') throw new Error(`it is ${decision.status}`);
  return decision;
}
