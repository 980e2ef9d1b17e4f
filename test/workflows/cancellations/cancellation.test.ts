import { randomUUID } from 'node:crypto';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import type { CancellationCause } from '../../../src/domain/cancellations/cancellationTerms';
import { CANCELLATION_WORKFLOW, cancellationWorkflowId } from '../../../src/contract/cancellations';
import { buyNewSale, type Bought } from '../../support/buyNewSale';
import { itWithSkippedTime } from '../../support/durations';
import { anAttempt, BOOKING_FEE, createUser, aHold, KEEPS_30_PERCENT, PRICE } from '../../support/factories';
import { holdNewSale, type HoldOptions } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** 52,000 are paid, 20,000 of them in points. 15,000 and the booking fee are kept; 20,000 points and 15,000 go back. */
const buy = async (options: HoldOptions = {}): Promise<Bought> =>
  buyNewSale(testbed, { points: 20_000, cancellationPolicy: KEEPS_30_PERCENT, ...options });
const KEPT = 15_000 + BOOKING_FEE;
const CARD_PAID = PRICE + BOOKING_FEE - 20_000;
const CARD_REFUND = 15_000;

/** Lets time pass until the response is there. */
async function decide(cancellationId: string): Promise<string> {
  const deciding = testbed.temporal.decide(cancellationId);
  await testbed.temporal.whileTimePasses('', deciding, cancellationWorkflowId(cancellationId));
  return cancellationId;
}

/** The customer requests it. @returns the id of the cancellation */
async function cancel(reservationId: string): Promise<string> {
  return decide(await testbed.requestCancellation(reservationId));
}

/** A cancellation whose decision no client waits for, as when a show is cancelled. */
async function start(reservationId: string, cause: CancellationCause = 'CUSTOMER'): Promise<string> {
  return startWorkflow(await testbed.requestCancellation(reservationId, cause));
}

const resultOf = async (cancellationId: string) => testbed.temporal.cancellation(cancellationId).result();
const statusOf = async (cancellationId: string) =>
  (await createCancellationRequestStore(testbed.database.db).find(cancellationId))?.status;

const refundKey = (cancellationId: string, attempt: number) =>
  `refund refund-${cancellationId}-${attempt} ${CARD_REFUND}`;
const refunds = () => testbed.gateway.calls.filter((call) => call.startsWith('refund'));

/** Seats, points and books are in their final state, and the gateway has made the refund once. */
async function expectCancelled({ reservationId, sale, userId, paymentId }: Bought): Promise<void> {
  expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
  expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  expect(await testbed.books.balance(userId)).toBe(20_000);
  expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
  expect(await testbed.books.refund(reservationId)).toMatchObject({ status: 'DONE' });
  expect(testbed.gateway.taken(paymentId)).toBe(CARD_PAID - CARD_REFUND);
  const journals = await testbed.books.journals(reservationId);
  expect(journals.filter((kind) => kind === 'CANCELLATION' || kind === 'CARD_REFUNDED')).toHaveLength(2);
}

describe('a cancellation', () => {
  it('voids the tickets, frees the seats, and refunds points and card except what is kept', async () => {
    const bought = await buy();
    const { reservationId } = bought;

    const cancellationId = await cancel(reservationId);

    await expectCancelled(bought);
    expect(refunds()).toEqual([refundKey(cancellationId, 1)]);
    expect(await ticketStatuses(reservationId)).toEqual(['VOID']);
    expect(await testbed.books.account('house:cancellation-fees', reservationId)).toBe(15_000);
    expect(await testbed.books.account('house:booking-fees', reservationId)).toBe(BOOKING_FEE);
    expect(await testbed.books.account('house:revenue', reservationId)).toBe(0);
    expect(await testbed.books.account('house:refunds-due', reservationId)).toBe(0);
    expect(await testbed.books.account('gateway:clearing:sandbox', reservationId)).toBe(
      CARD_REFUND - CARD_PAID,
    );
    expect(await resultOf(cancellationId)).toEqual({
      reservationId,
      status: 'CANCELLED',
      fee: 15_000,
      refund: { points: 20_000, card: CARD_REFUND, total: PRICE + BOOKING_FEE - KEPT, currency: 'KRW' },
    });
  });

  it('refunds everything if the policy keeps nothing, and the payment is REFUNDED', async () => {
    const { reservationId, userId, paymentId } = await buyNewSale(testbed, { points: 20_000 });

    await cancel(reservationId);

    expect(await testbed.books.balance(userId)).toBe(20_000);
    expect(testbed.gateway.taken(paymentId)).toBe(0);
    expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });

  it('calls no gateway if nothing is due to the card', async () => {
    const { reservationId, userId, paymentId } = await buy({ points: PRICE });

    await cancel(reservationId);

    expect(refunds()).toEqual([]);
    expect(await testbed.books.balance(userId)).toBe(PRICE + BOOKING_FEE - KEPT);
    expect(await testbed.books.refund(reservationId)).toBeNull();
    expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'PARTIALLY_REFUNDED' });
  });

  it('leaves the payment SUCCEEDED if nothing is refunded', async () => {
    const fees = [{ untilDaysBefore: 0, percent: 100 }];
    const { reservationId, paymentId } = await buy({ cancellationPolicy: { ...KEEPS_30_PERCENT, fees } });

    await cancel(reservationId);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
    expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(testbed.gateway.taken(paymentId)).toBe(CARD_PAID);
  });

  it('lets the first client have the seats', async () => {
    const { reservationId, sale } = await buy();
    await cancel(reservationId);
    const another = aHold(sale, await createUser(testbed.database.owner, PRICE), sale.seatIds);

    await testbed.temporal.hold(another);
    await testbed.temporal.reservations.pay(another.reservationId, anAttempt());

    expect(await testbed.books.seat(sale.seatId)).toEqual({
      reservationId: another.reservationId,
      sold: true,
    });
  });

  it('uses the terms of the instant of its request, however long it takes', async () => {
    const { env } = testbed.temporal;
    const bought = await buy();
    const { reservationId } = bought;
    const startsAt = (await env.currentTimeMs()) + 5_000;
    await testbed.database
      .owner('reservations')
      .where({ id: reservationId })
      .update({ starts_at: new Date(startsAt) });
    testbed.temporal.replaceActivity('cancelReservation', (real) => async (input) => {
      if ((await env.currentTimeMs()) < startsAt) throw new Error('Postgres is away until the show begins');
      return real(input);
    });

    const cancellationId = await cancel(reservationId);

    await resultOf(cancellationId);
    await expectCancelled(bought);
  });

  it('by the organiser refunds everything with the booking fee, whatever the policy says', async () => {
    const { reservationId, userId, paymentId } = await buy();

    const cancellationId = await start(reservationId, 'ORGANISER');

    expect(await resultOf(cancellationId)).toMatchObject({
      status: 'CANCELLED',
      fee: 0,
      refund: { points: 20_000, card: CARD_PAID, total: PRICE + BOOKING_FEE },
    });
    expect(await testbed.books.balance(userId)).toBe(20_000);
    expect(testbed.gateway.taken(paymentId)).toBe(0);
    expect(await testbed.books.payment(paymentId)).toMatchObject({ status: 'REFUNDED' });
  });
});

describe('a refund without a response', () => {
  it.each([
    ['was made', ['lose', 'lose'] as const],
    ['was not made', ['fail', 'fail'] as const],
    ['was lost on its way to us', ['fail', 'lose', 'fail'] as const],
  ])('that %s is requested again under the same key, and made once', async (_, script) => {
    const bought = await buy();
    testbed.gateway.scriptRefunds(...script);

    const cancellationId = await cancel(bought.reservationId);
    await resultOf(cancellationId);

    await expectCancelled(bought);
    expect(refunds()).toEqual(Array.from({ length: script.length + 1 }, () => refundKey(cancellationId, 1)));
  });

  itWithSkippedTime(
    'delays the response to the customer by 5 s, not longer, and shows what is due',
    async () => {
      const bought = await buy();
      const { reservationId } = bought;
      testbed.gateway.scriptRefunds(...Array.from({ length: 50 }, () => 'fail' as const));
      const asked = await testbed.temporal.env.currentTimeMs();

      const cancellationId = await cancel(reservationId);

      const answered = await testbed.temporal.env.currentTimeMs();
      expect(answered - asked).toBeGreaterThanOrEqual(5_000);
      expect(answered - asked).toBeLessThan(10_000);
      expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
      expect(await testbed.books.refund(reservationId)).toEqual({
        status: 'PENDING',
        attempts: 1,
        fault: 'unknown: no-answer',
      });
      expect(await testbed.books.account('house:refunds-due', reservationId)).toBe(CARD_REFUND);
      expect(await resultOf(cancellationId)).toMatchObject({ status: 'CANCELLED' });
      await expectCancelled(bought);
    },
  );
});

describe('a refund that the gateway refuses', () => {
  itWithSkippedTime(
    'is tried again under a new key each time, with pauses that grow to an hour, until it is done',
    async () => {
      const bought = await buy();
      const { reservationId } = bought;
      testbed.gateway.scriptRefunds(...Array.from({ length: 12 }, () => 'refuse' as const));
      const asked = await testbed.temporal.env.currentTimeMs();

      const cancellationId = await cancel(reservationId);

      expect(await testbed.books.refund(reservationId)).toEqual({
        status: 'PENDING',
        attempts: 1,
        fault: 'refused: scripted',
      });
      await resultOf(cancellationId);
      await expectCancelled(bought);
      expect(refunds()).toEqual(
        Array.from({ length: 13 }, (_, index) => refundKey(cancellationId, index + 1)),
      );
      expect(await testbed.books.refund(reservationId)).toMatchObject({ attempts: 13 });
      // The pauses: 10 s, doubled nine times up to an hour, then three hours more.
      const { closeTime } = await testbed.temporal.cancellation(cancellationId).describe();
      const hours = (Number(closeTime) - asked) / 3_600_000;
      expect(hours).toBeGreaterThan((5_110 + 3 * 3_600) / 3_600);
      expect(hours).toBeLessThan(5);
    },
  );

  it('does not delay the response to the customer', async () => {
    const { reservationId } = await buy();
    testbed.gateway.scriptRefunds('refuse');
    const asked = await testbed.temporal.env.currentTimeMs();
    const cancellationId = await testbed.requestCancellation(reservationId);

    await testbed.temporal.decide(cancellationId);

    expect((await testbed.temporal.env.currentTimeMs()) - asked).toBeLessThan(5_000);
    await resultOf(cancellationId);
  });

  itWithSkippedTime(
    'for weeks keeps its history short: new runs continue with the next key',
    async () => {
      const bought = await buy();
      const { reservationId } = bought;
      testbed.gateway.scriptRefunds(...Array.from({ length: 400 }, () => 'refuse' as const));
      const cancellationId = await start(reservationId);
      const { runId } = await testbed.temporal.cancellation(cancellationId).describe();

      await resultOf(cancellationId);

      const ended = await testbed.temporal.cancellation(cancellationId).describe();
      expect(ended.runId).not.toBe(runId);
      expect(ended.historyLength).toBeLessThan(4_000);
      const keys = Array.from({ length: 401 }, (_, index) => refundKey(cancellationId, index + 1));
      expect(refunds()).toEqual(keys);
      await expectCancelled(bought);
    },
    60_000,
  );
});

describe('a payment made with a gateway that has no keys here', () => {
  it('is not refunded through another gateway: the refund waits, and names the missing settings', async () => {
    const bought = await buy();
    const { reservationId, paymentId } = bought;
    const payment = testbed.database.owner('payments').where({ id: paymentId });
    await payment.clone().update({ gateway: 'toss' });

    const cancellationId = await cancel(reservationId);

    expect(refunds()).toEqual([]);
    expect(await testbed.books.refund(reservationId)).toMatchObject({
      status: 'PENDING',
      fault: 'unknown: the gateway toss is not configured: set TOSS_SECRET_KEY and TOSS_WEBHOOK_SECRET',
    });
    await payment.clone().update({ gateway: 'sandbox' });
    await resultOf(cancellationId);
    await expectCancelled(bought);
  });
});

describe('a worker that dies', () => {
  /** More than the tries of a local activity. */
  const DEATHS = 5;
  /** The refund is a normal activity from its first try. Its pauses grow from 1 s. */
  const DEATHS_OF_THE_REFUND = 3;

  it.each<[string, number, (dies: () => void) => void]>([
    [
      'the cancellation',
      DEATHS,
      (dies) =>
        testbed.temporal.replaceActivity('cancelReservation', (real) => async (input) => {
          const cancelled = await real(input);
          dies();
          return cancelled;
        }),
    ],
    [
      'the refund',
      DEATHS_OF_THE_REFUND,
      (dies) =>
        testbed.temporal.replaceActivity('refundCard', (real) => async (input) => {
          const word = await real(input);
          dies();
          return word;
        }),
    ],
    [
      'the booking of the refund',
      DEATHS,
      (dies) =>
        testbed.temporal.replaceActivity('completeRefund', (real) => async (input) => {
          await real(input);
          dies();
        }),
    ],
  ])('after %s, before it reports the result, leaves it done once', async (_, times, replace) => {
    const bought = await buy();
    const { reservationId } = bought;
    let deaths = 0;
    replace(() => {
      deaths += 1;
      if (deaths <= times) throw new Error('the worker died');
    });

    const cancellationId = await cancel(reservationId);
    await resultOf(cancellationId);

    expect(deaths).toBeGreaterThan(times);
    await expectCancelled(bought);
  });
});

describe('several cancellations of one reservation', () => {
  it('at once: one cancels, and the others are rejected because the reservation is already cancelled', async () => {
    const bought = await buy();
    const { reservationId } = bought;

    const ids = await Promise.all([1, 2, 3].map(async () => cancel(reservationId)));

    const results = await Promise.all(ids.map(resultOf));
    expect(results.filter(({ status }) => status === 'CANCELLED')).toHaveLength(1);
    const refused = results.filter(({ status }) => status === 'REFUSED');
    expect(refused).toEqual(
      Array.from({ length: 2 }, () => ({ status: 'REFUSED', reason: 'already-cancelled' })),
    );
    const statuses = await Promise.all(ids.map(statusOf));
    expect(statuses.map(String).toSorted()).toEqual(['ACCEPTED', 'REFUSED', 'REFUSED']);
    await expectCancelled(bought);
  });

  it('of the same request are one, also long after it has ended', async () => {
    const bought = await buy();
    const cancellationId = await testbed.requestCancellation(bought.reservationId);

    await Promise.all([decide(cancellationId), decide(cancellationId)]);
    await resultOf(cancellationId);
    await decide(cancellationId);

    await resultOf(cancellationId);
    await expectCancelled(bought);
    expect(refunds()).toHaveLength(1);
  });

  it('reject the one of the organiser after the one of the customer', async () => {
    const bought = await buy();
    const { reservationId } = bought;
    await resultOf(await cancel(reservationId));

    const late = await start(reservationId, 'ORGANISER');

    expect(await resultOf(late)).toEqual({ status: 'REFUSED', reason: 'already-cancelled' });
    await expectCancelled(bought);
  });
});

describe('a reservation that is not paid', () => {
  it('is not cancelled: the hold continues, can be paid, and can then be cancelled', async () => {
    const { reservationId, sale } = await holdNewSale(testbed);

    const refused = await cancel(reservationId);

    expect(await statusOf(refused)).toBe('REFUSED');
    expect(await testbed.books.reservationStatus(reservationId)).toBe('HELD');
    expect(await testbed.books.seat(sale.seatId)).toEqual({ reservationId, sold: false });
    await testbed.temporal.reservations.pay(reservationId, anAttempt());
    await cancel(reservationId);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
    // This is last because waiting for a result skips time.
    expect(await resultOf(refused)).toEqual({ status: 'REFUSED', reason: 'not-confirmed' });
  });
});

describe('a workflow without a request', () => {
  it('does nothing if its cancellation has no row', async () => {
    const { reservationId } = await buy();

    // Any client that can reach Temporal can do this.
    for (const cancellationId of [reservationId, randomUUID()]) {
      expect(await resultOf(await startWorkflow(cancellationId))).toEqual({ status: 'NOT_REQUESTED' });
    }

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });

  it('does nothing after the request is withdrawn, and cancels after it is requested again', async () => {
    const bought = await buy();
    const { reservationId } = bought;
    const requests = createCancellationRequestStore(testbed.database.db);
    const cancellationId = await testbed.requestCancellation(reservationId);
    expect(await requests.withdraw(cancellationId)).toBe(true);

    expect(await resultOf(await startWorkflow(cancellationId))).toEqual({ status: 'NOT_REQUESTED' });

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
    await requests.request({ cancellationId, reservationId, cause: 'CUSTOMER', seatIds: null });
    await resultOf(await decide(cancellationId));
    await expectCancelled(bought);
  });
});

async function startWorkflow(cancellationId: string): Promise<string> {
  const { env, taskQueue } = testbed.temporal;
  const workflowId = cancellationWorkflowId(cancellationId);
  const args = [{ cancellationId }];
  await env.client.workflow.start(CANCELLATION_WORKFLOW, { workflowId, taskQueue, args });
  return cancellationId;
}

async function ticketStatuses(reservationId: string): Promise<string[]> {
  return testbed.database.owner('tickets').where({ reservation_id: reservationId }).pluck<string[]>('status');
}
