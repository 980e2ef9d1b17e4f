import { randomUUID } from 'node:crypto';
import type { CancellationCause } from '../../src/domain/cancellationTerms';
import {
  CANCELLATION_WORKFLOW,
  cancellationWorkflowId,
  type CancellationInput,
} from '../../src/workflows/messages';
import { buyOnStage, type Bought } from '../support/buyOnStage';
import { anAttempt, BOOKING_FEE, createUser, aHold, KEEPS_30_PERCENT, PRICE } from '../support/factories';
import { holdOnStage, type HoldOptions } from '../support/holdOnStage';
import { buildStage, type Stage } from '../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

/** Of 52,000, 20,000 in points, 15,000 and the booking fee are kept: 20,000 and 15,000 go back. */
const buy = async (options: HoldOptions = {}): Promise<Bought> =>
  buyOnStage(stage, { points: 20_000, cancellationPolicy: KEEPS_30_PERCENT, ...options });
const KEPT = 15_000 + BOOKING_FEE;
const CARD_PAID = PRICE + BOOKING_FEE - 20_000;
const CARD_REFUND = 15_000;

function aRequest(reservationId: string): CancellationInput & { requestId: string } {
  return { reservationId, cause: 'CUSTOMER', requestId: randomUUID() };
}

/** Time passes until the answer is there. */
async function cancel(reservationId: string, request = aRequest(reservationId)): Promise<void> {
  const cancelling = stage.temporal.cancellations.cancel(request);
  await stage.temporal.whileTimePasses(reservationId, cancelling, cancellationWorkflowId(reservationId));
}

/** A cancellation that nobody waits for, as when a show is cancelled. */
async function start(reservationId: string, cause: CancellationCause = 'CUSTOMER'): Promise<void> {
  const { env, taskQueue } = stage.temporal;
  const workflowId = cancellationWorkflowId(reservationId);
  await env.client.workflow.start(CANCELLATION_WORKFLOW, {
    workflowId,
    taskQueue,
    args: [{ reservationId, cause }],
  });
}

const refundKey = (paymentId: string, attempt: number) =>
  `refund refund-${paymentId}-${attempt} ${CARD_REFUND}`;
const refunds = () => stage.gateway.calls.filter((call) => call.startsWith('refund'));

/** Everything is where it belongs, and the gateway has given back what it had to, once. */
async function expectCancelled({ reservationId, sale, userId, paymentId }: Bought): Promise<void> {
  expect(await stage.books.reservationStatus(reservationId)).toBe('CANCELLED');
  expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
  expect(await stage.books.balance(userId)).toBe(20_000);
  expect(await stage.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
  expect(await stage.books.refund(reservationId)).toMatchObject({ status: 'DONE' });
  expect(stage.gateway.taken(paymentId)).toBe(CARD_PAID - CARD_REFUND);
  const journals = await stage.books.journals(reservationId);
  expect(journals.filter((kind) => kind === 'CANCELLATION' || kind === 'CARD_REFUNDED')).toHaveLength(2);
}

describe('a cancellation', () => {
  it('voids the tickets, frees the seats, and gives points and card back but for what is kept', async () => {
    const bought = await buy();
    const { reservationId, paymentId } = bought;

    await cancel(reservationId);

    await expectCancelled(bought);
    expect(refunds()).toEqual([refundKey(paymentId, 1)]);
    expect(await ticketStatuses(reservationId)).toEqual(['VOID']);
    expect(await stage.books.account('house:cancellation-fees', reservationId)).toBe(15_000);
    expect(await stage.books.account('house:booking-fees', reservationId)).toBe(BOOKING_FEE);
    expect(await stage.books.account('house:revenue', reservationId)).toBe(0);
    expect(await stage.books.account('house:refunds-due', reservationId)).toBe(0);
    expect(await stage.books.account('gateway:clearing', reservationId)).toBe(CARD_REFUND - CARD_PAID);
    expect(await stage.temporal.cancellation(reservationId).result()).toEqual({
      reservationId,
      status: 'CANCELLED',
      fee: 15_000,
      refund: { points: 20_000, card: CARD_REFUND, total: PRICE + BOOKING_FEE - KEPT, currency: 'KRW' },
    });
  });

  it('gives everything back where the policy keeps nothing, and the payment is REFUNDED', async () => {
    const { reservationId, userId, paymentId } = await buyOnStage(stage, { points: 20_000 });

    await cancel(reservationId);

    expect(await stage.books.balance(userId)).toBe(20_000);
    expect(stage.gateway.taken(paymentId)).toBe(0);
    expect(await stage.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });

  it('calls no gateway where nothing is due to the card', async () => {
    const { reservationId, userId, paymentId } = await buy({ points: PRICE });

    await cancel(reservationId);

    expect(refunds()).toEqual([]);
    expect(await stage.books.balance(userId)).toBe(PRICE + BOOKING_FEE - KEPT);
    expect(await stage.books.refund(reservationId)).toBeNull();
    expect(await stage.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
  });

  it('leaves the payment SUCCEEDED where nothing goes back', async () => {
    const fees = [{ untilDaysBefore: 0, percent: 100 }];
    const { reservationId, paymentId } = await buy({ cancellationPolicy: { ...KEEPS_30_PERCENT, fees } });

    await cancel(reservationId);

    expect(await stage.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await stage.books.payment(paymentId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(stage.gateway.taken(paymentId)).toBe(CARD_PAID);
  });

  it('leaves the seats to whoever is first', async () => {
    const { reservationId, sale } = await buy();
    await cancel(reservationId);
    const another = aHold(sale, await createUser(stage.database.owner, PRICE), sale.seatIds);

    await stage.temporal.hold(another);
    await stage.temporal.reservations.pay(another.reservationId, anAttempt());

    expect(await stage.books.seat(sale.seatId)).toEqual({ reservationId: another.reservationId, sold: true });
  });

  it('goes by the terms of the instant at which it was asked for, however long it takes', async () => {
    const { env } = stage.temporal;
    const bought = await buy();
    const { reservationId } = bought;
    const startsAt = (await env.currentTimeMs()) + 5_000;
    await stage.database
      .owner('reservations')
      .where({ id: reservationId })
      .update({ starts_at: new Date(startsAt) });
    stage.temporal.replaceActivity('cancelReservation', (real) => async (input) => {
      if ((await env.currentTimeMs()) < startsAt) throw new Error('Postgres is away until the show begins');
      return real(input);
    });

    await cancel(reservationId);

    await stage.temporal.cancellation(reservationId).result();
    await expectCancelled(bought);
  });

  it('by the organiser gives everything back with the booking fee, without asking the policy', async () => {
    const { reservationId, userId, paymentId } = await buy();

    await start(reservationId, 'ORGANISER');

    expect(await stage.temporal.cancellation(reservationId).result()).toMatchObject({
      status: 'CANCELLED',
      fee: 0,
      refund: { points: 20_000, card: CARD_PAID, total: PRICE + BOOKING_FEE },
    });
    expect(await stage.books.balance(userId)).toBe(20_000);
    expect(stage.gateway.taken(paymentId)).toBe(0);
    expect(await stage.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });
});

describe('a refund without an answer', () => {
  it.each([
    ['was made', ['lose', 'lose'] as const],
    ['was not made', ['fail', 'fail'] as const],
    ['was lost on its way to us', ['fail', 'lose', 'fail'] as const],
  ])('that %s is asked for again under the same key, and given once', async (_, script) => {
    const bought = await buy();
    stage.gateway.scriptRefunds(...script);

    await cancel(bought.reservationId);
    await stage.temporal.cancellation(bought.reservationId).result();

    await expectCancelled(bought);
    const { paymentId } = bought;
    expect(refunds()).toEqual(Array.from({ length: script.length + 1 }, () => refundKey(paymentId, 1)));
  });

  it('keeps the answer for 5 s, not longer, and shows what is due', async () => {
    const bought = await buy();
    const { reservationId } = bought;
    stage.gateway.scriptRefunds(...Array.from({ length: 50 }, () => 'fail' as const));
    const asked = await stage.temporal.env.currentTimeMs();

    await cancel(reservationId);

    const answered = await stage.temporal.env.currentTimeMs();
    expect(answered - asked).toBeGreaterThanOrEqual(5_000);
    expect(answered - asked).toBeLessThan(10_000);
    expect(await stage.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await stage.books.refund(reservationId)).toEqual({
      status: 'PENDING',
      attempts: 1,
      fault: 'unknown: no-answer',
    });
    expect(await stage.books.account('house:refunds-due', reservationId)).toBe(CARD_REFUND);
    expect(await stage.temporal.cancellation(reservationId).result()).toMatchObject({ status: 'CANCELLED' });
    await expectCancelled(bought);
  });
});

describe('a refund that the gateway refuses', () => {
  it('is tried again under a new key each time, with pauses that grow to an hour, until it is done', async () => {
    const bought = await buy();
    const { reservationId, paymentId } = bought;
    stage.gateway.scriptRefunds(...Array.from({ length: 12 }, () => 'refuse' as const));
    const asked = await stage.temporal.env.currentTimeMs();

    await cancel(reservationId);

    expect(await stage.books.refund(reservationId)).toEqual({
      status: 'PENDING',
      attempts: 1,
      fault: 'refused: scripted',
    });
    await stage.temporal.cancellation(reservationId).result();
    await expectCancelled(bought);
    expect(refunds()).toEqual(Array.from({ length: 13 }, (_, index) => refundKey(paymentId, index + 1)));
    expect(await stage.books.refund(reservationId)).toMatchObject({ attempts: 13 });
    // 10 s, doubled nine times to an hour at most, and three hours more.
    const { closeTime } = await stage.temporal.cancellation(reservationId).describe();
    const hours = (Number(closeTime) - asked) / 3_600_000;
    expect(hours).toBeGreaterThan((5_110 + 3 * 3_600) / 3_600);
    expect(hours).toBeLessThan(5);
  });

  it('tells the customer at once that it is cancelled', async () => {
    const { reservationId } = await buy();
    stage.gateway.scriptRefunds('refuse');
    const asked = await stage.temporal.env.currentTimeMs();

    await stage.temporal.cancellations.cancel(aRequest(reservationId));

    expect((await stage.temporal.env.currentTimeMs()) - asked).toBeLessThan(5_000);
    await stage.temporal.cancellation(reservationId).result();
  });

  it('for weeks keeps its history short: new runs go on with the next key', async () => {
    const bought = await buy();
    const { reservationId, paymentId } = bought;
    stage.gateway.scriptRefunds(...Array.from({ length: 400 }, () => 'refuse' as const));
    await start(reservationId);
    const { runId } = await stage.temporal.cancellation(reservationId).describe();

    await stage.temporal.cancellation(reservationId).result();

    const ended = await stage.temporal.cancellation(reservationId).describe();
    expect(ended.runId).not.toBe(runId);
    expect(ended.historyLength).toBeLessThan(4_000);
    const keys = Array.from({ length: 401 }, (_, index) => refundKey(paymentId, index + 1));
    expect(refunds()).toEqual(keys);
    await expectCancelled(bought);
  }, 60_000);
});

describe('a payment made with another gateway', () => {
  it('is not refunded through this one, which is tried and told until it is the right one', async () => {
    const bought = await buy();
    const { reservationId, paymentId } = bought;
    const payment = stage.database.owner('payments').where({ id: paymentId });
    await payment.clone().update({ gateway: 'toss' });

    await cancel(reservationId);

    expect(refunds()).toEqual([]);
    expect(await stage.books.refund(reservationId)).toMatchObject({
      status: 'PENDING',
      fault: 'unknown: paid with toss, but PAYMENT_GATEWAY is sandbox',
    });
    await payment.clone().update({ gateway: 'sandbox' });
    await stage.temporal.cancellation(reservationId).result();
    await expectCancelled(bought);
  });
});

describe('a worker that dies', () => {
  /** More often than a local activity is tried. */
  const DEATHS = 5;

  it.each<[string, (dies: () => void) => void]>([
    [
      'the cancellation',
      (dies) =>
        stage.temporal.replaceActivity('cancelReservation', (real) => async (input) => {
          const cancelled = await real(input);
          dies();
          return cancelled;
        }),
    ],
    [
      'the refund',
      (dies) =>
        stage.temporal.replaceActivity('refundCard', (real) => async (input) => {
          const word = await real(input);
          dies();
          return word;
        }),
    ],
    [
      'the booking of the refund',
      (dies) =>
        stage.temporal.replaceActivity('completeRefund', (real) => async (input) => {
          await real(input);
          dies();
        }),
    ],
  ])('after %s, before anybody hears of it, does it once', async (_, replace) => {
    const bought = await buy();
    const { reservationId } = bought;
    let deaths = 0;
    replace(() => {
      deaths += 1;
      if (deaths <= DEATHS) throw new Error('the worker died');
    });

    await cancel(reservationId);
    await stage.temporal.cancellation(reservationId).result();

    expect(deaths).toBeGreaterThan(DEATHS);
    await expectCancelled(bought);
  });
});

describe('of several cancellations of one reservation', () => {
  it('at once, one cancels, and the others hear that it is cancelled', async () => {
    const bought = await buy();
    const { reservationId } = bought;

    const answers = await Promise.allSettled([1, 2, 3].map(async () => cancel(reservationId)));

    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status === 'rejected')) {
      expect(answer).toMatchObject({
        reason: { slug: 'not-cancellable', members: { reason: 'already-cancelled' } },
      });
    }
    await expectCancelled(bought);
  });

  it('those of the same request get the same answer, also when it has long ended', async () => {
    const bought = await buy();
    const { reservationId } = bought;
    const request = aRequest(reservationId);

    await Promise.all([cancel(reservationId, request), cancel(reservationId, request)]);
    await stage.temporal.cancellation(reservationId).result();
    await cancel(reservationId, request);

    await expectCancelled(bought);
    expect(refunds().length).toBeLessThanOrEqual(2);
  });

  it("the organiser's comes too late after the customer's", async () => {
    const bought = await buy();
    const { reservationId } = bought;
    await cancel(reservationId);
    await stage.temporal.cancellation(reservationId).result();

    await start(reservationId, 'ORGANISER');

    expect(await stage.temporal.cancellation(reservationId).result()).toEqual({
      reservationId,
      status: 'REFUSED',
      reason: 'already-cancelled',
    });
    await expectCancelled(bought);
  });
});

describe('what is not paid', () => {
  it('is not cancelled: the hold goes on, can be paid, and cancelled then', async () => {
    const { reservationId, sale } = await holdOnStage(stage);

    await expect(stage.temporal.cancellations.cancel(aRequest(reservationId))).rejects.toMatchObject({
      slug: 'not-cancellable',
      members: { reason: 'not-confirmed' },
    });

    expect(await stage.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await stage.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    await stage.temporal.reservations.pay(reservationId, anAttempt());
    await cancel(reservationId);
    expect(await stage.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });
});

async function ticketStatuses(reservationId: string): Promise<string[]> {
  return stage.database.owner('tickets').where({ reservation_id: reservationId }).pluck<string[]>('status');
}
