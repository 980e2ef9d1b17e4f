import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { createActivities, type Activities } from '../../src/activities';
import { createCancellationStore } from '../../src/db/cancellationStore';
import { createTicketStore, type CheckInResult } from '../../src/db/ticketStore';
import { KOREAN_POLICY } from '../../src/domain/cancellationPolicy';
import { chargeOfPayment } from '../../src/gateways/chargeRequest';
import { eventually } from '../support/eventually';
import { BOOKING_FEE, createSale, createUser, KEEPS_30_PERCENT, PRICE } from '../support/factories';
import { layGround, type Ground } from '../support/stage';
import { aCancellation, aConfirmation, aGrant } from '../support/steps';

let ground: Ground;
let activities: Activities;

beforeAll(async () => {
  ground = await layGround();
  activities = createActivities(ground.dependencies);
});

afterEach(async () => ground.endTest());

afterAll(async () => ground?.drop());

/** A hold that was paid, the seats with points and the booking fee by card. */
async function aSale({ seats = 1, policy = KEEPS_30_PERCENT } = {}) {
  const { owner } = ground.database;
  const sale = await createSale(owner, { seats, cancellationPolicy: policy });
  const userId = await createUser(owner, seats * PRICE);
  const hold = aGrant(sale, userId, sale.seatIds);
  await ground.grant(hold);
  const step = await ground.request(hold);
  await activities.openPayment(step.paymentId);
  const charged = await activities.chargeCard(chargeOfPayment(step));
  if (charged.outcome !== 'approved') throw new Error('the charge is not approved');
  const { gatewayPaymentId } = charged;
  const tickets = await activities.confirmReservation({ ...aConfirmation(step), gatewayPaymentId });
  return { sale, userId, reservationId: hold.reservationId, paymentId: step.paymentId, tickets };
}

async function checkIn(ticketId: string, db: Knex = ground.database.db): Promise<CheckInResult> {
  const staffId = await createUser(ground.database.owner);
  return createTicketStore(db).checkIn({ ticketId, version: 1, staffId, gate: 'North' });
}

/** Cancelled by the organiser: the booking fee is due to the card. */
async function aDueRefund() {
  const sold = await aSale();
  await activities.cancelReservation(aCancellation(sold.reservationId, { cause: 'ORGANISER' }));
  return sold;
}

async function complete(reservationId: string): Promise<void> {
  const word = await activities.refundCard({ reservationId, attempt: 1 });
  if (word.outcome !== 'refunded') throw new Error(`the refund is ${word.outcome}`);
  const { gatewayRefundId, refundedAt } = word;
  const input = { reservationId, attempt: 1, gatewayRefundId, refundedAt };
  await Promise.all([activities.completeRefund(input), activities.completeRefund(input)]);
}

const refusedWith = (reason: string) => ({ slug: 'not-cancellable', members: { reason } });

describe('a hold', () => {
  it("freezes the schedule's policy, the time of the show and the venue's time zone", async () => {
    const { owner, db } = ground.database;
    const { reservationId, sale } = await aSale();
    const before = await createCancellationStore(db).facts(reservationId);

    await owner('schedules')
      .where({ id: sale.scheduleId })
      .update({ cancellation_policy: KOREAN_POLICY, starts_at: new Date('2030-01-01T10:00:00Z') });
    await owner('venues').update({ time_zone: 'America/New_York' });

    expect(before).toMatchObject({ policy: KEEPS_30_PERCENT, timeZone: 'Asia/Seoul' });
    expect(await createCancellationStore(db).facts(reservationId)).toEqual(before);
    await owner('venues').update({ time_zone: 'Asia/Seoul' });
  });

  it('of the release before, without anything frozen, goes by what its schedule says', async () => {
    const { owner, db } = ground.database;
    const { reservationId } = await aSale();
    await owner('reservations')
      .where({ id: reservationId })
      .update({ cancellation_policy: null, starts_at: null, time_zone: null });

    expect(await createCancellationStore(db).facts(reservationId)).toMatchObject({
      policy: KEEPS_30_PERCENT,
      startsAt: new Date('9000-01-01T00:00:00Z'),
      timeZone: 'Asia/Seoul',
    });
  });

  it('of a schedule without a policy of its own freezes the Korean one', async () => {
    const { owner, db } = ground.database;
    const { seatIds, scheduleId } = await createSale(owner);
    const hold = aGrant({ scheduleId }, await createUser(owner), seatIds);
    await ground.grant(hold);

    expect(await createCancellationStore(db).facts(hold.reservationId)).toMatchObject({
      policy: KOREAN_POLICY,
    });
  });
});

describe('cancelling', () => {
  it('records every figure, and tells Redis and the outbox', async () => {
    const { reservationId, sale, userId } = await aSale({ seats: 2 });
    const request = aCancellation(reservationId);

    const cancelled = await activities.cancelReservation(request);

    const kept = 2 * (15_000 + BOOKING_FEE);
    const refund = { points: 2 * (PRICE + BOOKING_FEE) - kept, card: 0, currency: 'KRW' };
    expect(cancelled).toMatchObject({ scheduleId: sale.scheduleId, userId, fee: 30_000, refund });
    expect(await createCancellationStore(ground.database.db).find(reservationId)).toEqual({
      reservationId,
      requestId: request.requestId,
      cause: 'CUSTOMER',
      rule: 'days-before-show',
      fee: 30_000,
      bookingFeeRefund: 0,
      refund: { ...refund, total: refund.points },
      cancelledAt: new Date(request.acceptedAt),
      cardRefund: null,
    });
    const { seatClaim } = ground.dependencies;
    expect(await seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual([]);
    const notes = await ground.database.owner('outbox').where({ kind: 'reservation-cancelled' });
    expect(notes).toContainEqual(
      expect.objectContaining({ payload: { reservationId, userId, cause: 'CUSTOMER' } }),
    );
  });

  it('frees no seat before it is certain', async () => {
    const { reservationId, sale } = await aSale();
    const { owner } = ground.database;
    // Whatever fails last takes all of it back.
    await owner.raw('REVOKE INSERT ON outbox FROM holdfast_app');
    try {
      await expect(activities.cancelReservation(aCancellation(reservationId))).rejects.toThrow('outbox');
    } finally {
      await owner.raw('GRANT INSERT ON outbox TO holdfast_app');
    }

    expect(await ground.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await ground.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
    const { seatClaim } = ground.dependencies;
    expect(await seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual(sale.seatIds);
  });

  it('twice does it once, and answers the same', async () => {
    const { reservationId, userId } = await aSale();
    const request = aCancellation(reservationId);

    const answers = await Promise.all([
      activities.cancelReservation(request),
      activities.cancelReservation(request),
    ]);
    answers.push(await activities.cancelReservation({ ...request, acceptedAt: request.acceptedAt + 1_000 }));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await ground.books.balance(userId)).toBe(PRICE - 15_000);
    expect(await ground.books.journals(reservationId)).toEqual(['POINTS_TAKEN', 'SALE', 'CANCELLATION']);
  });

  it('by two requests at once is done for one of them', async () => {
    const { reservationId, userId } = await aSale();

    const answers = await Promise.allSettled(
      [1, 2, 3, 4].map(async () => activities.cancelReservation(aCancellation(reservationId))),
    );

    const refusals = answers.filter((answer) => answer.status === 'rejected');
    expect(refusals).toHaveLength(3);
    for (const { reason } of refusals) expect(reason).toMatchObject(refusedWith('already-cancelled'));
    expect(await ground.books.balance(userId)).toBe(PRICE - 15_000);
  });

  it('late does not touch the seat of a newer reservation', async () => {
    const { owner } = ground.database;
    const { reservationId, sale } = await aSale();
    const request = aCancellation(reservationId);
    await activities.cancelReservation(request);
    const newer = aGrant(sale, await createUser(owner), sale.seatIds);
    await ground.grant(newer);

    await activities.cancelReservation(request);

    expect(await ground.books.seat(sale.seatId)).toEqual({
      reservationId: newer.reservationId,
      sold: false,
    });
    expect(await ground.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID())).toEqual(
      sale.seatIds,
    );
  });

  it('is decided by the instant at which it was asked for', async () => {
    const { reservationId } = await aSale();
    const startsAt = Date.now() + 60_000;
    await ground.database
      .owner('reservations')
      .where({ id: reservationId })
      .update({ starts_at: new Date(startsAt) });

    await expect(
      activities.cancelReservation(aCancellation(reservationId, { acceptedAt: startsAt })),
    ).rejects.toMatchObject(refusedWith('too-late'));
    await activities.cancelReservation(aCancellation(reservationId, { acceptedAt: startsAt - 1 }));

    expect(await ground.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  it('of a reservation that does not exist is refused', async () => {
    await expect(activities.cancelReservation(aCancellation(randomUUID()))).rejects.toMatchObject({
      slug: 'reservation-not-found',
    });
  });
});

describe('a cancellation and a check-in', () => {
  it('after somebody was let in, it is refused and nothing is changed', async () => {
    const { reservationId, sale, tickets } = await aSale({ seats: 2 });
    const [first] = tickets;
    expect(await checkIn(first?.ticketId ?? '')).toMatchObject({ outcome: 'admitted' });

    await expect(activities.cancelReservation(aCancellation(reservationId))).rejects.toMatchObject(
      refusedWith('ticket-used'),
    );

    expect(await ground.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    expect(await ground.books.seat(sale.seatId)).toEqual({ reservationId, sold: true });
  });

  it('waits for a check-in under way, and is refused when that lets somebody in', async () => {
    const { owner } = ground.database;
    const { reservationId, tickets } = await aSale();
    const ticketId = tickets[0]?.ticketId ?? '';
    let cancelling: Promise<unknown> = Promise.resolve();

    await owner.transaction(async (gate) => {
      expect(await checkIn(ticketId, gate)).toMatchObject({ outcome: 'admitted' });
      cancelling = activities
        .cancelReservation(aCancellation(reservationId))
        .catch((error: unknown) => error);
      await eventually(async () => expect(await waitingForALock()).toBe(1));
    });

    expect(await cancelling).toMatchObject(refusedWith('ticket-used'));
    expect(await ground.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('at once: either somebody is in, or it is cancelled', async () => {
    const sales = await Promise.all(Array.from({ length: 8 }, async () => aSale()));

    const outcomes = await Promise.all(
      sales.map(async ({ reservationId, tickets }) => {
        const [admission, cancelled] = await Promise.allSettled([
          checkIn(tickets[0]?.ticketId ?? ''),
          activities.cancelReservation(aCancellation(reservationId)),
        ]);
        const admitted = admission.status === 'fulfilled' && admission.value.outcome === 'admitted';
        return { admitted, cancelled: cancelled.status === 'fulfilled' };
      }),
    );

    for (const { admitted, cancelled } of outcomes) expect(admitted).toBe(!cancelled);
  });

  it('of a show that the organiser cancels: it counts for nothing', async () => {
    const { reservationId, tickets, userId } = await aSale();
    await checkIn(tickets[0]?.ticketId ?? '');

    await activities.cancelReservation(aCancellation(reservationId, { cause: 'ORGANISER' }));

    expect(await ground.books.balance(userId)).toBe(PRICE);
    expect(await ground.books.account('house:refunds-due', reservationId)).toBe(BOOKING_FEE);
    expect(await checkIn(tickets[0]?.ticketId ?? '')).toEqual({ outcome: 'void' });
  });
});

/** Statements of this database that wait for somebody else's lock. */
async function waitingForALock(): Promise<number> {
  const { rows } = await ground.database.owner.raw<{ rows: unknown[] }>(
    `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database()`,
  );
  return rows.length;
}

describe('refunding the card', () => {
  it('twice gives it back once, and books it once', async () => {
    const { reservationId, paymentId } = await aDueRefund();
    await activities.refundCard({ reservationId, attempt: 1 });

    await complete(reservationId);

    expect(ground.gateway.taken(paymentId)).toBe(0);
    expect(await ground.books.account('house:refunds-due', reservationId)).toBe(0);
    expect(await ground.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
    expect((await ground.books.journals(reservationId)).slice(-2)).toEqual(['CANCELLATION', 'CARD_REFUNDED']);
  });

  it.each([
    ['more than the card paid', { amount: BOOKING_FEE + 1 }],
    ['in another currency', { currency: 'USD' }],
  ])('asks for nothing %s', async (_, change) => {
    const { reservationId } = await aDueRefund();
    const refund = ground.database.owner('refunds').where({ reservation_id: reservationId });
    await refund.clone().update(change);
    const before = ground.gateway.calls.length;

    await expect(activities.refundCard({ reservationId, attempt: 1 })).rejects.toThrow(
      'is more than payment',
    );

    expect(ground.gateway.calls.slice(before)).toEqual([]);
    await refund.clone().update({ amount: BOOKING_FEE, currency: 'KRW' });
    await complete(reservationId);
  });

  it('where nothing is due throws', async () => {
    const { reservationId } = await aSale();

    await expect(activities.refundCard({ reservationId, attempt: 1 })).rejects.toThrow('no refund');
  });
});
