import { randomUUID } from 'node:crypto';
import * as contract from './contract';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { BOOKING_FEE, expectHold, PRICES, R_TOTAL, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** A buyer with points who holds one seat of grade R. */
async function holder(points = 0) {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer(points)]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  return { ...sale, user, seatId, reservationId };
}

describe('POST /v1/payments', () => {
  it('by default, points pay the seats and the card pays the booking fee', async () => {
    const { user, reservationId, scheduleId, seatId } = await holder(80_000);

    const paid = expectAnswer(await user.pay(reservationId), 200, contract.paid);

    expect(paid).toMatchObject({
      reservationId,
      amount: { points: PRICES.R, card: BOOKING_FEE, total: R_TOTAL, currency: 'KRW' },
      tickets: [{ seatId }],
    });
    expect(await user.balance()).toBe(80_000 - PRICES.R);
    expect(await service.charges(reservationId)).toMatchObject([{ status: 'CAPTURED', amount: BOOKING_FEE }]);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
    const reservation = await user.reservation(reservationId);
    expect(reservation).toMatchObject({
      status: 'CONFIRMED',
      payment: { paymentId: paid.paymentId, status: 'SUCCEEDED' },
      tickets: paid.tickets,
    });
  });

  it.each([
    ['nothing', 0],
    ['a part of the price', 20_000],
    ['the whole price', PRICES.R],
  ])('points can pay %s, and the card pays the rest', async (_, points) => {
    const { user, reservationId } = await holder(PRICES.R);

    const { amount } = expectAnswer(await user.pay(reservationId, { points }), 200, contract.paid);

    expect(amount).toMatchObject({ points, card: R_TOTAL - points });
    expect(await user.balance()).toBe(PRICES.R - points);
    expect(await service.charges(reservationId)).toMatchObject([
      { status: 'CAPTURED', amount: R_TOTAL - points },
    ]);
  });

  it('calls no gateway if nothing is left for the card', async () => {
    const { venueId, concertId } = await service.openSale();
    const schedule = await service.operator.post(`/v1/admin/concerts/${concertId}/schedules`, {
      venueId,
      startsAt: '2099-01-01T00:00:00Z',
      saleOpensAt: '2020-01-01T00:00:00Z',
      saleClosesAt: '2098-01-01T00:00:00Z',
      prices: { R: PRICES.R },
      bookingFee: 0,
    });
    const { scheduleId } = expectAnswer(schedule, 201, contract.operatorsSchedule);
    const user = await service.buyer(PRICES.R);
    const map = expectAnswer(await user.get(`/v1/schedules/${scheduleId}/seats`), 200, contract.seatMap);
    const { reservationId } = await expectHold(
      user,
      map.seats.slice(0, 1).map((seat) => seat.seatId),
    );

    const reply = await user.pay(reservationId, { paymentKey: 'sandbox:decline' });

    expect(expectAnswer(reply, 200, contract.paid).amount).toMatchObject({ points: PRICES.R, card: 0 });
    expect(await service.charges(reservationId)).toEqual([]);
  });

  it.each([
    ['more points than the seats cost', { points: PRICES.R + 1 }],
    ['points below zero', { points: -1 }],
    ['a part of a point', { points: 0.5 }],
  ])('responds with 400 for %s, and takes nothing', async (_, payment) => {
    const { user, reservationId } = await holder(PRICES.R);

    expectProblem(await user.pay(reservationId, payment), 400, 'validation-failed');

    expect(await user.balance()).toBe(PRICES.R);
    expect((await user.reservation(reservationId)).status).toBe('HELD');
  });

  it('responds with 402, balance and required; after a top-up the same hold can be paid', async () => {
    const { user, reservationId, scheduleId, seatId } = await holder(10_000);

    expectProblem(await user.pay(reservationId), 402, 'insufficient-points', {
      balance: 10_000,
      required: PRICES.R,
    });
    expect(await user.balance()).toBe(10_000);
    expect(await service.charges(reservationId)).toEqual([]);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');

    expectStatus(await user.topUp(PRICES.R), 201);
    expectAnswer(await user.pay(reservationId), 200, contract.paid);
    expect(await user.balance()).toBe(10_000);
  });

  it('responds with 500, reason and expiresAt if the card is declined; another card pays', async () => {
    const { user, reservationId } = await holder(PRICES.R);
    const { expiresAt } = await user.reservation(reservationId);

    const problem = expectProblem(
      await user.pay(reservationId, { points: 10_000, paymentKey: 'sandbox:decline' }),
      500,
      'payment-failed',
      { expiresAt },
    );

    expect(typeof problem['reason']).toBe('string');
    expect(await user.balance()).toBe(PRICES.R);
    expect((await user.reservation(reservationId)).status).toBe('HELD');
    expectAnswer(await user.pay(reservationId, { points: 10_000 }), 200, contract.paid);
    expect(await user.balance()).toBe(PRICES.R - 10_000);
  });

  it('responds with 409 payment-in-progress to a second payment, and with 409 to a release, while one runs', async () => {
    const { user, reservationId } = await holder(PRICES.R);
    const first = user.pay(reservationId, { points: 0, paymentKey: 'sandbox:slow:2500' });
    await eventually(async () => expect((await user.reservation(reservationId)).status).toBe('PAYING'));

    const [second, release] = await Promise.all([user.pay(reservationId), user.release(reservationId)]);

    expectProblem(second, 409, 'payment-in-progress');
    expectProblem(release, 409, 'reservation-not-releasable');
    expectAnswer(await first, 200, contract.paid);
    expect(await user.balance()).toBe(PRICES.R);
  });

  it('responds with 409 reservation-already-confirmed, and with 409 to a release, once it is paid', async () => {
    const { user, reservationId } = await holder(2 * PRICES.R);
    expectAnswer(await user.pay(reservationId), 200, contract.paid);

    expectProblem(await user.pay(reservationId), 409, 'reservation-already-confirmed');
    expectProblem(await user.release(reservationId), 409, 'reservation-not-releasable');
    expect(await user.balance()).toBe(PRICES.R);
  });

  it('responds with 410 reservation-expired for a hold that was released', async () => {
    const { user, reservationId } = await holder();
    expectStatus(await user.release(reservationId), 204);

    expectProblem(await user.pay(reservationId, { points: 0 }), 410, 'reservation-expired');
  });

  it('gives the same 404 for the reservation of another user as for an unknown one', async () => {
    const [{ reservationId, user }, other] = await Promise.all([holder(), service.buyer(PRICES.R)]);

    expectProblem(await other.pay(reservationId), 404, 'reservation-not-found');
    expectProblem(await other.pay(randomUUID()), 404, 'reservation-not-found');
    expect(await other.balance()).toBe(PRICES.R);
    expect((await user.reservation(reservationId)).status).toBe('HELD');
  });

  it('needs a queue token of the user', async () => {
    const [{ reservationId, user }, other] = await Promise.all([holder(), service.buyer()]);

    expectProblem(await user.pay(reservationId, { queueToken: null }), 401, 'invalid-queue-token');
    const { queueToken } = other;
    expectProblem(await user.pay(reservationId, { queueToken }), 403, 'queue-token-mismatch');
    const reply = await service.client.call('POST', '/v1/payments', { body: { reservationId } });
    expectProblem(reply, 401, 'unauthenticated');
  });
});

async function terminate(reservationId: string): Promise<void> {
  await service.temporal.workflow.getHandle(reservationWorkflowId(reservationId)).terminate('by mistake');
}

describe('A reservation whose workflow an operator has terminated', () => {
  it('can still be paid', async () => {
    const { user, reservationId } = await holder(PRICES.R);
    await terminate(reservationId);

    expectAnswer(await user.pay(reservationId), 200, contract.paid);
  });

  it('can still be released', async () => {
    const { user, reservationId, scheduleId, seatId } = await holder();
    await terminate(reservationId);

    expectStatus(await user.release(reservationId), 204);

    expect(await seatStatus(user, scheduleId, seatId)).toBe('AVAILABLE');
  });
});

describe('POST /v1/payments when the gateway does not respond', () => {
  it('responds with 202 SETTLING with Location and Retry-After, keeps the seats, and charges once', async () => {
    const { user, reservationId, scheduleId, seatId } = await holder(PRICES.R);
    service.stack.gateway.signal('SIGSTOP');
    const reply = await user.pay(reservationId, { points: 10_000 });

    const { paymentId } = expectAnswer(reply, 202, contract.settling);
    expect(reply.headers.get('Location')).toBe(`/v1/payments/${paymentId}`);
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');
    const again = expectAnswer(await user.pay(reservationId), 202, contract.settling);
    expect(again.paymentId).toBe(paymentId);

    service.stack.gateway.signal('SIGCONT');
    const { status } = await eventually(async () => {
      const payment = expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment);
      expect(payment.status).toMatch(/SUCCEEDED|FAILED/);
      return payment;
    }, 20_000);

    // Both outcomes are valid: the gateway had the request, and the audit compares the books with its outcome.
    await eventually(async () =>
      expect((await user.reservation(reservationId)).status).toBe(
        status === 'SUCCEEDED' ? 'CONFIRMED' : 'HELD',
      ),
    );
    expect(await user.balance()).toBe(status === 'SUCCEEDED' ? PRICES.R - 10_000 : PRICES.R);
  }, 60_000);
});

describe('GET /v1/payments/{paymentId}', () => {
  it('responds with a payment that succeeded', async () => {
    const { user, reservationId } = await holder(PRICES.R);
    const paid = expectAnswer(await user.pay(reservationId), 200, contract.paid);

    const reply = await user.get(`/v1/payments/${paid.paymentId}`);

    expect(expectAnswer(reply, 200, contract.payment)).toMatchObject({
      reservationId,
      status: 'SUCCEEDED',
      amount: paid.amount,
      approvedAt: paid.approvedAt,
    });
  });

  it('gives the same 404 for the payment of another user and for an unknown one', async () => {
    const [{ user, reservationId }, other] = await Promise.all([holder(PRICES.R), service.buyer()]);
    const { paymentId } = expectAnswer(await user.pay(reservationId), 200, contract.paid);

    for (const id of [paymentId, randomUUID()]) {
      expectProblem(await other.get(`/v1/payments/${id}`), 404, 'payment-not-found');
    }
  });
});
