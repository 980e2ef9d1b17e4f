import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { textLike } from '../support/matchers';
import { expectAnswer, expectProblem, type User } from './client';
import { BOOKING_FEE, expectHold, R_TOTAL, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** The pause after a refund that the gateway refuses is 10 s. */
const REFUND_MS = 30_000;

/** A show the day after tomorrow. A seat of 50,000 is paid with 20,000 points; 15,000 are kept as the fee. */
const POINTS = 20_000;
const FEE = 15_000;
const FIGURES = {
  fee: FEE,
  bookingFeeRefund: BOOKING_FEE,
  refund: { points: POINTS, card: R_TOTAL - FEE - POINTS, total: R_TOTAL - FEE, currency: 'KRW' },
};
const NOTHING = {
  cancellable: false,
  rule: null,
  fee: 0,
  bookingFeeRefund: 0,
  refund: { points: 0, card: 0, total: 0, currency: 'KRW' },
};

async function bought(payment: { paymentKey?: string } = {}) {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer(POINTS)]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const reply = await user.pay(reservationId, { points: POINTS, ...payment });
  const { paymentId, tickets } = expectAnswer(reply, 200, contract.paid);
  return { ...sale, user, seatId, reservationId, paymentId, ticketId: tickets[0]?.ticketId ?? '' };
}

async function codeOf(user: User, ticketId: string): Promise<string> {
  const { body } = await user.get(`/v1/tickets/${ticketId}`);
  return z.looseObject({ qr: z.string() }).parse(body).qr;
}

/** The refunds of the gateway, from its own book. */
async function refundsOf(reservationId: string): Promise<number[]> {
  const lines = await service.charges(reservationId);
  return lines.flatMap((line) => ('refunds' in line ? line.refunds.map(({ amount }) => amount) : []));
}

describe('a cancellation', () => {
  it('does what its preview shows: it refunds points and card, and the next user can buy the seat', async () => {
    const { user, reservationId, paymentId, scheduleId, seatId, ticketId } = await bought();
    const preview = await user.cancellation(reservationId);
    expect(preview).toMatchObject({ cancellable: true, reason: null, rule: 'days-before-show', ...FIGURES });

    const cancelled = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    const { fee, bookingFeeRefund, refund } = preview;
    expect(cancelled).toMatchObject({ reservationId, fee, bookingFeeRefund, refund, refundStatus: 'DONE' });
    expect(await user.balance()).toBe(POINTS);
    expect(await refundsOf(reservationId)).toEqual([refund.card]);
    const { reservationId: _, status, ...shown } = cancelled;
    expect(await user.reservation(reservationId)).toMatchObject({
      status,
      cancellation: shown,
      payment: { paymentId, status: 'PARTIALLY_REFUNDED' },
    });
    expect(expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment)).toMatchObject({
      status: 'PARTIALLY_REFUNDED',
    });
    expect((await user.get(`/v1/tickets/${ticketId}`)).body).toMatchObject({ status: 'VOID' });
    const entries = expectAnswer(await user.get('/v1/wallet/entries'), 200, contract.entryPage);
    expect(entries.items[0]).toMatchObject({ kind: 'CANCELLATION', amount: POINTS, reservationId });

    expect(await seatStatus(user, scheduleId, seatId)).toBe('AVAILABLE');
    const next = await service.buyer();
    const { reservationId: another } = await expectHold(next, [seatId]);
    expectAnswer(await next.pay(another, { points: 0 }), 200, contract.paid);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
  });

  it('is in the list of reservations, and an operator sees its details', async () => {
    const { user, reservationId } = await bought();
    expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    const list = await user.get('/v1/reservations?status=CANCELLED');
    expect(expectAnswer(list, 200, contract.reservationPage).items).toMatchObject([
      { reservationId, cancellation: FIGURES },
    ]);
    const admin = await service.operator.get(`/v1/admin/reservations/${reservationId}`);
    const shown = expectAnswer(admin, 200, contract.adminReservation);
    expect(shown).toMatchObject({
      status: 'CANCELLED',
      cancellation: FIGURES,
      cardRefund: { status: 'DONE', attempts: 1, lastFault: null },
    });
    const cancelledAt = shown.cancellation?.cancelledAt;
    expect(shown.timeline.find(({ at }) => at === cancelledAt)).toMatchObject({
      what: 'Cancelled (CUSTOMER)',
      workflow: { workflowId: textLike(/^cancellation-[\da-f-]{36}$/) },
    });
  });

  it('gives the same response to the same key, and 409 to another key', async () => {
    const { user, reservationId } = await bought();
    const key = randomUUID();

    const replies = await Promise.all([1, 2, 3].map(async () => user.cancel(reservationId, { key })));
    replies.push(await user.cancel(reservationId, { key }));

    expect(replies[0]?.status).toBe(200);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expectProblem(await user.cancel(reservationId, { key: randomUUID() }), 409, 'not-cancellable', {
      reason: 'already-cancelled',
    });
    expectProblem(await user.cancel(reservationId), 409, 'not-cancellable');
    expect(await refundsOf(reservationId)).toHaveLength(1);
    expect(await user.balance()).toBe(POINTS);
  });

  it.each([
    ['an unknown field', '{"reason":"other"}', 'application/json', 400, 'validation-failed'],
    ['malformed JSON', '{"seatIds":["', 'application/json', 400, 'malformed-json'],
    ['another media type', 'x=1', 'text/plain', 415, 'unsupported-media-type'],
  ])('with %s cancels nothing', async (_case, body, type, status, slug) => {
    const { user, reservationId, ticketId } = await bought();
    const path = `/v1/reservations/${reservationId}/cancellation`;

    expectProblem(await user.call('POST', path, { body, headers: { 'Content-Type': type } }), status, slug);

    expect((await user.get(`/v1/tickets/${ticketId}`)).body).toMatchObject({ status: 'VALID' });
    expect(await user.reservation(reservationId)).toMatchObject({ status: 'CONFIRMED' });
  });

  it('happens once for many calls at once without a key', async () => {
    const { user, reservationId } = await bought();

    const replies = await Promise.all(Array.from({ length: 5 }, async () => user.cancel(reservationId)));

    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(4);
    expect(await refundsOf(reservationId)).toHaveLength(1);
    expect(await user.balance()).toBe(POINTS);
  });
});

describe('a cancellation of some seats', () => {
  const OF_ONE = {
    fee: FEE,
    bookingFeeRefund: BOOKING_FEE,
    refund: { points: POINTS, card: R_TOTAL - FEE - POINTS, total: R_TOTAL - FEE, currency: 'KRW' },
  };

  /** Two seats, paid with points for a part of one seat, and by card. */
  async function boughtTwo() {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer(POINTS)]);
    const seatIds = sale.seatIds.slice(0, 2);
    const { reservationId } = await expectHold(user, seatIds);
    const paid = expectAnswer(await user.pay(reservationId, { points: POINTS }), 200, contract.paid);
    const { paymentId, tickets } = paid;
    const [gone = '', kept = ''] = seatIds;
    const ticketOf = (seatId: string) => tickets.find((one) => one.seatId === seatId)?.ticketId ?? '';
    return { ...sale, user, reservationId, paymentId, gone, kept, ticketOf };
  }

  it('does what its preview shows, and the other seats stay sold with valid tickets', async () => {
    const { user, reservationId, paymentId, scheduleId, gone, kept, ticketOf } = await boughtTwo();
    expect(await user.cancellation(reservationId, [gone])).toMatchObject({ cancellable: true, ...OF_ONE });
    const whole = await user.cancellation(reservationId);
    expect(whole.fee).toBe(2 * FEE);
    expect(await user.cancellation(reservationId, [kept, gone])).toEqual(whole);

    const reply = await user.cancel(reservationId, { seatIds: [gone] });

    expect(expectAnswer(reply, 200, contract.cancelled)).toMatchObject({
      status: 'CONFIRMED',
      cancelledSeatIds: [gone],
      refundStatus: 'DONE',
      ...OF_ONE,
    });
    expect(await user.reservation(reservationId)).toMatchObject({
      status: 'CONFIRMED',
      cancellation: { cancelledSeatIds: [gone], ...OF_ONE },
      payment: { status: 'PARTIALLY_REFUNDED' },
    });
    expect(await user.balance()).toBe(POINTS);
    expect(await refundsOf(reservationId)).toEqual([OF_ONE.refund.card]);
    expect(await seatStatus(user, scheduleId, gone)).toBe('AVAILABLE');
    expect(await seatStatus(user, scheduleId, kept)).toBe('SOLD');
    expect((await user.get(`/v1/tickets/${ticketOf(gone)}`)).body).toMatchObject({ status: 'VOID' });
    const payment = expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment);
    expect(payment.status).toBe('PARTIALLY_REFUNDED');
    expect(payment['tickets']).toContainEqual({ ticketId: ticketOf(kept), seatId: kept });
    const qr = await codeOf(user, ticketOf(kept));
    expect((await service.operator.post('/v1/check-ins', { qr })).status).toBe(200);
  });

  it('can be followed by a cancellation of the rest, and the reservation shows the sums', async () => {
    const { user, reservationId, gone, kept } = await boughtTwo();
    expectAnswer(await user.cancel(reservationId, { seatIds: [gone] }), 200, contract.cancelled);
    expectProblem(await user.cancel(reservationId, { seatIds: [gone] }), 409, 'not-cancellable', {
      reason: 'already-cancelled',
    });

    const rest = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    expect(rest).toMatchObject({ status: 'CANCELLED', cancelledSeatIds: [kept], fee: FEE });
    expect(rest.refund).toMatchObject({ points: 0, card: R_TOTAL - FEE });
    const { status, cancellation } = await user.reservation(reservationId);
    expect(status).toBe('CANCELLED');
    expect(cancellation?.cancelledSeatIds.toSorted()).toEqual([gone, kept].toSorted());
    expect(cancellation).toMatchObject({ fee: 2 * FEE, refund: { points: POINTS } });
    const admin = await service.operator.get(`/v1/admin/reservations/${reservationId}`);
    const { timeline } = expectAnswer(admin, 200, contract.adminReservation);
    expect(timeline.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['Cancelled (CUSTOMER), 1 of its seats', 'Cancelled (CUSTOMER)']),
    );
  });

  it('happens once for each key, and a key belongs to its seats', async () => {
    const { user, reservationId, gone, kept } = await boughtTwo();
    const key = randomUUID();

    const replies = await Promise.all(
      [1, 2, 3].map(async () => user.cancel(reservationId, { key, seatIds: [gone] })),
    );

    expect(replies[0]?.status).toBe(200);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expectProblem(await user.cancel(reservationId, { key, seatIds: [kept] }), 422, 'idempotency-key-reused');
    expect(await user.reservation(reservationId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await refundsOf(reservationId)).toHaveLength(1);
  });

  it('rejects foreign seats, repeated seats, and an empty list', async () => {
    const { user, reservationId, gone, seatIds } = await boughtTwo();
    const foreign = seatIds[2] ?? '';

    for (const wrong of [[foreign], [gone, gone], [], [gone, 'no-id']]) {
      expectProblem(await user.cancel(reservationId, { seatIds: wrong }), 400, 'validation-failed');
    }
    const path = `/v1/reservations/${reservationId}/cancellation`;
    for (const query of [`seatId=${foreign}`, `seatId=${gone}&seatId=${gone}`, 'seatId=', 'seatIds=x']) {
      expectProblem(await user.get(`${path}?${query}`), 400, 'validation-failed');
    }
    expect(await user.reservation(reservationId)).not.toHaveProperty('cancellation');
  });
});

describe('a card that cannot be refunded at once', () => {
  it.each([
    ['the gateway refuses', 'sandbox:refund-refused:1', 2],
    ['the gateway fails', 'sandbox:refund-error:2', 1],
    ['the response is lost', 'sandbox:refund-timeout:1', 1],
  ])(
    'is refunded once later if %s, and the customer sees the progress',
    async (_, paymentKey, attempts) => {
      const { user, reservationId, paymentId, scheduleId, seatId } = await bought({ paymentKey });

      const reply = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

      expect(reply).toMatchObject(FIGURES);
      expect(await user.balance()).toBe(POINTS);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('AVAILABLE');
      await eventually(async () => {
        const { cancellation, payment } = await user.reservation(reservationId);
        expect(cancellation?.refundStatus).toBe('DONE');
        expect(payment).toMatchObject({ paymentId, status: 'PARTIALLY_REFUNDED' });
      }, REFUND_MS);
      expect(await refundsOf(reservationId)).toEqual([FIGURES.refund.card]);
      const admin = await service.operator.get(`/v1/admin/reservations/${reservationId}`);
      expect(admin.body).toMatchObject({ cardRefund: { status: 'DONE', attempts } });
    },
    60_000,
  );

  it('is PENDING, shows its last fault to the operator, and the refund survives its worker', async () => {
    const { user, reservationId } = await bought({ paymentKey: 'sandbox:refund-refused:1' });

    const { refundStatus } = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    expect(refundStatus).toBe('PENDING');
    const admin = await service.operator.get(`/v1/admin/reservations/${reservationId}`);
    expect(admin.body).toMatchObject({ cardRefund: { status: 'PENDING', attempts: 1 } });
    expect(admin.text).toContain('"lastFault":"refused: ');
    await service.stack.worker.kill();
    await service.stack.worker.start();
    await eventually(async () => {
      const { cancellation } = await user.reservation(reservationId);
      expect(cancellation?.refundStatus).toBe('DONE');
    }, REFUND_MS);
    expect(await refundsOf(reservationId)).toEqual([FIGURES.refund.card]);
  }, 90_000);
});

describe('the API rejects the cancellation of', () => {
  it('a hold, which continues', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));

    expect(await user.cancellation(reservationId)).toMatchObject({ ...NOTHING, reason: 'not-confirmed' });
    expectProblem(await user.cancel(reservationId), 409, 'not-cancellable', { reason: 'not-confirmed' });
    expect((await user.reservation(reservationId)).status).toBe('HELD');
  });

  it('a reservation whose cut-off has passed', async () => {
    const { user, reservationId } = await bought();
    const startsAt = new Date(Date.now() + 3_600_000);
    await service.stack.ownerDb('reservations').where({ id: reservationId }).update({ starts_at: startsAt });

    const preview = await user.cancellation(reservationId);
    expect(preview).toMatchObject({ ...NOTHING, reason: 'too-late' });
    expect(Date.parse(preview.cancellableUntil)).toBeLessThan(Date.now());
    expectProblem(await user.cancel(reservationId), 409, 'not-cancellable', { reason: 'too-late' });
    expect((await user.reservation(reservationId)).status).toBe('CONFIRMED');
  });

  it('a reservation whose ticket was used', async () => {
    const { user, reservationId, ticketId } = await bought();
    const qr = await codeOf(user, ticketId);
    expect((await service.operator.post('/v1/check-ins', { qr })).status).toBe(200);

    expect(await user.cancellation(reservationId)).toMatchObject({ ...NOTHING, reason: 'ticket-used' });
    expectProblem(await user.cancel(reservationId), 409, 'not-cancellable', { reason: 'ticket-used' });
  });

  it('a reservation that was already cancelled', async () => {
    const { user, reservationId } = await bought();
    expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    expect(await user.cancellation(reservationId)).toMatchObject({
      ...NOTHING,
      reason: 'already-cancelled',
    });
  });

  it('a reservation of another user, with the same 404 as for an unknown one', async () => {
    const [{ reservationId, user }, other] = await Promise.all([bought(), service.buyer()]);

    for (const id of [reservationId, randomUUID()]) {
      const path = `/v1/reservations/${id}/cancellation`;
      expectProblem(await other.get(path), 404, 'reservation-not-found');
      expectProblem(await other.cancel(id), 404, 'reservation-not-found');
      expectProblem(await service.client.call('POST', path), 401, 'unauthenticated');
    }
    expect((await user.reservation(reservationId)).status).toBe('CONFIRMED');
  });
});

describe('a cancelled ticket', () => {
  it('is void at the gate', async () => {
    const { user, reservationId, ticketId } = await bought();
    const qr = await codeOf(user, ticketId);
    expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

    expectProblem(await service.operator.post('/v1/check-ins', { qr }), 410, 'ticket-void');
  });
});
