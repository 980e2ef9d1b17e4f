import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import type { PaymentStep } from '../../support/steps';
import { createDifferenceStore, type Difference } from '../../../src/db/reconciliation/differenceStore';
import { readReconciliation } from '../../../src/db/reconciliation/reconciliationOverview';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import type { BookedCharge } from '../../../src/domain/payments/gateway';
import { anAttempt, BOOKING_FEE, createUser, PRICE } from '../../support/factories';
import { createPurchases, type Purchases } from '../../support/purchases';
import { wholeRun, type WholeRun } from '../../support/reconcile';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aFailure } from '../../support/steps';

let fixture: Fixture;
let activities: Activities;
let purchases: Purchases;

beforeEach(async () => {
  fixture = await createFixture();
  // Everything is old enough to be compared.
  activities = createActivities({ ...fixture.dependencies, reconcileAfterMs: -60_000 });
  purchases = createPurchases(fixture, activities);
});

afterEach(async () => fixture?.drop());

const reconcile = async (run = activities): Promise<WholeRun> => wholeRun(run);

async function differences(): Promise<Difference[]> {
  return createDifferenceStore(fixture.database.db).page({
    status: undefined,
    limit: 200,
    before: undefined,
  });
}

/** The differences as texts such as `OPEN captured-twice 2000`, sorted. */
async function seen(): Promise<string[]> {
  return (await differences()).map(({ status, kind, amount }) => `${status} ${kind} ${amount}`).toSorted();
}

function aStranger(charge: Partial<BookedCharge> = {}): BookedCharge {
  return {
    gatewayPaymentId: `strange-${randomUUID()}`,
    idempotencyKey: null,
    orderId: null,
    status: 'CAPTURED',
    amount: 7_000,
    refunded: 0,
    currency: 'KRW',
    bookedAt: new Date().toISOString(),
    ...charge,
  };
}

const owner = () => fixture.database.owner;

async function setPayment({ paymentId }: PaymentStep, columns: Record<string, unknown>): Promise<void> {
  await owner()('payments').where({ id: paymentId }).update(columns);
}

describe('books that agree', () => {
  it('give no difference, and every KRW is explained', async () => {
    await purchases.buyPoints(10_000);
    await purchases.buySeat(PRICE);
    await purchases.buySeat(0);
    await purchases.failPayment(20_000);

    const { read, toMend } = await reconcile();

    expect(await seen()).toEqual([]);
    expect(toMend).toEqual([]);
    // Three top-ups and three payments. The charge of the failed payment was voided.
    const money = 10_000 + PRICE + BOOKING_FEE + (PRICE + BOOKING_FEE) + 20_000;
    expect(read).toEqual({ lines: 6, attempts: 6, money });
    expect(await readReconciliation(fixture.database.db, ['sandbox'])).toMatchObject({
      explained: 1,
      unexplained: 0,
      oldestUnexplainedSeconds: 0,
      gateways: [
        { gateway: 'sandbox', lastRun: { depth: 'DEEP', lines: 6, attempts: 6, money }, running: null },
      ],
    });
  });

  it('are read in pages of both sides, each row once', async () => {
    for (let bought = 0; bought < 5; bought += 1) await purchases.buySeat(0);
    fixture.gateway.bookPageSize = 2;

    expect((await reconcile()).read).toEqual({ lines: 5, attempts: 5, money: 5 * (PRICE + BOOKING_FEE) });
    expect(await seen()).toEqual([]);
  });

  it('leave no lines of the gateway in our tables after the comparison', async () => {
    await purchases.buySeat(0);

    await reconcile();

    expect(await owner()('gateway_lines').select('*')).toEqual([]);
  });
});

describe('reconciliation of money that only the gateway has:', () => {
  it('a charge of a failed payment is to be voided', async () => {
    const step = await purchases.failPayment(PRICE);
    fixture.gateway.captureLate(chargeOfPayment(step));

    expect((await reconcile()).toMend).toEqual([{ kind: 'PAYMENT', attemptId: step.paymentId }]);

    expect(await seen()).toEqual([`MENDING captured-without-sale ${BOOKING_FEE}`]);
  });

  it('a second charge of a paid reservation is to be voided', async () => {
    const failed = await purchases.beginPayment(0);
    await activities.failPayment({ ...aFailure(failed), mayBeCharged: false });
    const paid = await fixture.request({ ...failed, seatIds: [] }, anAttempt(1, 0));
    await activities.openPayment(paid.paymentId);
    await fixture.gateway.charge(chargeOfPayment(paid));
    await activities.confirmReservation({ ...aConfirmation(paid), gatewayPaymentId: 'any' });

    expect((await reconcile()).toMend).toEqual([{ kind: 'PAYMENT', attemptId: failed.paymentId }]);

    expect(await seen()).toEqual([`MENDING captured-twice ${PRICE + BOOKING_FEE}`]);
  });

  it('a charge of a failed top-up is to be voided', async () => {
    const { topUpId, charge } = await purchases.openTopUp(10_000);
    await activities.failTopUp(topUpId, 'no-answer', true);
    await activities.giveBackTopUp(topUpId, 'no-answer');
    fixture.gateway.captureLate(charge);

    expect((await reconcile()).toMend).toEqual([{ kind: 'TOP_UP', attemptId: topUpId }]);

    expect(await seen()).toEqual(['MENDING charge-without-top-up 10000']);
  });

  it('an unknown charge, and a charge for our order without an attempt, wait for an operator', async () => {
    const { reservationId } = await purchases.failPayment(0);
    const { reservationId: sold } = await purchases.buySeat(0);
    fixture.gateway.invent(aStranger());
    fixture.gateway.invent(aStranger({ orderId: reservationId, idempotencyKey: 'by-hand' }));
    fixture.gateway.invent(aStranger({ orderId: sold, refunded: 1_000 }));
    fixture.gateway.invent(aStranger({ refunded: 7_000 }));

    expect((await reconcile()).toMend).toEqual([]);

    expect(await seen()).toEqual([
      'OPEN captured-twice 6000',
      'OPEN captured-without-sale 7000',
      'OPEN unknown-charge 7000',
    ]);
  });

  it('a charge whose attempt has no row any more waits for an operator, as does its sale', async () => {
    const step = await purchases.buySeat(0);
    await owner()('payments').where({ id: step.paymentId }).delete();

    expect((await reconcile()).toMend).toEqual([]);

    const total = PRICE + BOOKING_FEE;
    expect(await seen()).toEqual([
      `OPEN captured-without-sale ${total}`,
      `OPEN ledger-differs ${total}`,
      `OPEN sale-without-payment ${total}`,
    ]);
  });

  it('a charge of a payment that is marked as failed, but whose seats are sold, is not voided', async () => {
    const step = await purchases.buySeat(0);
    await setPayment(step, { status: 'FAILED', undone_at: new Date() });

    expect((await reconcile()).toMend).toEqual([]);

    const total = PRICE + BOOKING_FEE;
    expect(await seen()).toEqual([
      `OPEN captured-without-sale ${total}`,
      `OPEN ledger-differs ${total}`,
      `OPEN sale-without-payment ${total}`,
    ]);
  });

  it('a charge is found by its id if the gateway does not report its key', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, { idempotencyKey: null, orderId: null });

    await reconcile();

    expect(await seen()).toEqual([]);
  });

  it('a refund that the service did not request waits for an operator', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, { refunded: 12_000 });

    await reconcile();

    expect(await seen()).toEqual(['OPEN refund-unknown 12000']);
  });

  it('a charge that comes long after its attempt is still found', async () => {
    const step = await purchases.failPayment(0);
    const longAgo = new Date('2020-01-01T00:00:00Z');
    await setPayment(step, { created_at: longAgo, undone_at: longAgo });
    await owner().raw('ALTER TABLE journals DISABLE TRIGGER USER');
    await owner()('journals').where({ payment_id: step.paymentId }).update({ created_at: longAgo });
    fixture.gateway.captureLate(chargeOfPayment(step));

    expect((await reconcile()).toMend).toEqual([{ kind: 'PAYMENT', attemptId: step.paymentId }]);
  });
});

describe('reconciliation reports, because the gateway does not have it,', () => {
  it('a payment without a charge', async () => {
    const step = await purchases.buySeat(PRICE);
    fixture.gateway.misstate(step.paymentId, null);

    await reconcile();

    expect(await seen()).toEqual([`OPEN charged-but-absent ${BOOKING_FEE}`]);
  });

  it('points without a charge', async () => {
    const { topUpId } = await purchases.buyPoints(10_000);
    fixture.gateway.misstate(topUpId, null);

    await reconcile();

    expect(await seen()).toEqual(['OPEN top-up-without-charge 10000']);
  });

  it('a charge of another amount', async () => {
    const step = await purchases.buySeat(PRICE);
    fixture.gateway.misstate(step.paymentId, { amount: BOOKING_FEE + 5 });

    await reconcile();

    expect(await seen()).toEqual(['OPEN amount-differs 5']);
  });

  it('a refund that our books record as made', async () => {
    const step = await purchases.buySeat(0);
    await cancel(step, { done: 30_000 });

    await reconcile();

    expect(await seen()).toContain('OPEN refund-missing 30000');
  });

  it('but no refund that is only due', async () => {
    const step = await purchases.buySeat(0);
    await cancel(step, { due: 30_000 });

    await reconcile();

    expect(await seen()).toEqual([]);
  });
});

/** The rows of a cancellation, without its journals. */
async function cancel(step: PaymentStep, refund: { done?: number; due?: number }): Promise<void> {
  const { reservationId, paymentId } = step;
  const amount = refund.done ?? refund.due;
  await owner()('reservations').where({ id: reservationId }).update({ status: 'CANCELLED' });
  const id = await fixture.requestCancellation(reservationId);
  await owner()('cancellations').insert({
    id,
    reservation_id: reservationId,
    cause: 'CUSTOMER',
    seat_ids: [],
    tickets: PRICE,
    booking_fee: BOOKING_FEE,
    whole: true,
    rule: 'days-before-show',
    fee: 0,
    booking_fee_refund: 0,
    points: 0,
    card: amount,
    currency: 'KRW',
    cancelled_at: new Date(),
  });
  await owner()('refunds').insert({
    cancellation_id: id,
    reservation_id: reservationId,
    payment_id: paymentId,
    amount,
    currency: 'KRW',
    created_at: new Date(),
    ...(refund.done === undefined ? {} : { status: 'DONE', refunded_at: new Date() }),
  });
}

describe('reconciliation reports, because the ledger differs,', () => {
  it('a payment without its sale', async () => {
    const step = await purchases.buySeat(0);
    await owner()('journals')
      .where({ key: `sale:${step.paymentId}` })
      .update({ payment_id: null });

    await reconcile();

    const total = PRICE + BOOKING_FEE;
    expect(await seen()).toEqual([`OPEN ledger-differs ${total}`, `OPEN ledger-differs ${total}`]);
  });

  it('points that are kept aside for a failed payment', async () => {
    const step = await purchases.failPayment(PRICE);
    await owner()('journals')
      .where({ key: `points-returned:${step.paymentId}` })
      .update({ payment_id: null });

    await reconcile();

    expect(await seen()).toEqual([`OPEN ledger-differs ${PRICE}`]);
  });
});

describe('an attempt that never ended', () => {
  it('is to be ended, and its points are to be returned', async () => {
    const step = await purchases.beginPayment(PRICE);

    expect((await reconcile()).toMend).toEqual([{ kind: 'PAYMENT', attemptId: step.paymentId }]);

    expect(await seen()).toEqual([`MENDING attempt-stuck ${PRICE + BOOKING_FEE}`]);
  });

  it('is to be ended if only the void of its charge is not confirmed', async () => {
    const step = await purchases.beginPayment(0);
    await activities.failPayment({ ...aFailure(step), mayBeCharged: true });
    fixture.gateway.misstate(step.paymentId, null);

    expect((await reconcile()).toMend).toEqual([{ kind: 'PAYMENT', attemptId: step.paymentId }]);

    expect(await seen()).toEqual(['MENDING attempt-stuck 0']);
  });
});

describe('an attempt that is still under way', () => {
  it('is no difference until it has had time to settle', async () => {
    const patient = createActivities({ ...fixture.dependencies, reconcileAfterMs: 900_000 });
    await purchases.beginPayment(PRICE);
    const step = await purchases.failPayment(0);
    fixture.gateway.captureLate(chargeOfPayment(step));
    fixture.gateway.invent(aStranger());

    expect((await reconcile(patient)).toMend).toEqual([]);

    expect(await seen()).toEqual([]);
  });

  it('is no difference if it is old but has just changed', async () => {
    const patient = createActivities({ ...fixture.dependencies, reconcileAfterMs: 900_000 });
    const step = await purchases.buySeat(0);
    await setPayment(step, { created_at: new Date(Date.now() - 3_600_000) });
    fixture.gateway.misstate(step.paymentId, null);

    await reconcile(patient);

    expect(await seen()).toEqual([]);
  });
});

describe('a difference', () => {
  it('is one row, however often it is found, and is resolved when it is gone', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, null);
    await reconcile();
    const [first] = await differences();
    await reconcile();

    expect(await differences()).toMatchObject([
      { differenceId: first?.differenceId, firstSeenAt: first?.firstSeenAt, status: 'OPEN' },
    ]);

    fixture.gateway.reset();
    await reconcile();

    expect(await differences()).toMatchObject([
      { differenceId: first?.differenceId, status: 'RESOLVED', resolvedBy: null },
    ]);
    expect(await readReconciliation(fixture.database.db, ['sandbox'])).toMatchObject({
      explained: 1,
      unexplained: 0,
    });
  });

  it('is open again when it comes back', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, null);
    await reconcile();
    fixture.gateway.reset();
    await reconcile();
    fixture.gateway.misstate(step.paymentId, null);

    await reconcile();

    expect(await differences()).toMatchObject([{ status: 'OPEN', resolvedAt: null }]);
  });

  it('that an operator closed stays closed until its figures change', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, { refunded: 1_000 });
    await reconcile();
    const [open] = await differences();
    const by = { userId: await createUser(owner()), note: 'refunded by phone' };
    await createDifferenceStore(fixture.database.db).close(open?.differenceId ?? '', by);

    await reconcile();

    expect(await differences()).toMatchObject([
      { status: 'RESOLVED', resolvedBy: by.userId, note: 'refunded by phone', amount: 1_000 },
    ]);
    expect(await readReconciliation(fixture.database.db, ['sandbox'])).toMatchObject({
      explained: 1,
      unexplained: 0,
    });

    fixture.gateway.misstate(step.paymentId, { refunded: 2_000 });
    await reconcile();

    expect(await differences()).toMatchObject([{ status: 'OPEN', resolvedBy: null, amount: 2_000 }]);
  });

  it('counts with its money and its age', async () => {
    const step = await purchases.buySeat(0);
    const total = PRICE + BOOKING_FEE;
    await purchases.buyPoints(3 * total);
    await setPayment(step, { created_at: new Date(Date.now() - 3_600_000) });
    fixture.gateway.misstate(step.paymentId, null);

    await reconcile();

    const overview = await readReconciliation(fixture.database.db, ['sandbox']);
    expect(overview).toMatchObject({
      explained: 0.75,
      unexplained: total,
      counts: [{ kind: 'charged-but-absent', status: 'OPEN', count: 1, amount: total }],
    });
    expect(overview.oldestUnexplainedSeconds).toBeGreaterThanOrEqual(3_600);
  });

  it('from before the window stays open until an operator closes it', async () => {
    const step = await purchases.buySeat(0);
    fixture.gateway.misstate(step.paymentId, null);
    await reconcile();
    await owner()('differences').update({ arose_at: new Date('2020-01-01T00:00:00Z') });
    fixture.gateway.reset();

    await reconcile();

    expect(await differences()).toMatchObject([{ status: 'OPEN' }]);
  });
});

describe('a run', () => {
  it('compares half a year once a day, and three days at other times', async () => {
    await reconcile();
    await reconcile();

    const runs = await owner()('reconciliation_runs')
      .orderBy('started_at')
      .select<{ depth: string; started_at: Date; window_from: Date }[]>('*');
    const days = runs.map((run) => [
      run.depth,
      (run.started_at.getTime() - run.window_from.getTime()) / 86_400_000,
    ]);
    expect(days).toEqual([
      ['DEEP', 180],
      ['RECENT', 3],
    ]);
  });

  it('that is begun twice is one run', async () => {
    const runId = randomUUID();

    const first = await activities.beginReconciliation(runId, 'sandbox');

    expect(await activities.beginReconciliation(runId, 'sandbox')).toEqual(first);
  });

  it('that was interrupted does not disturb the next', async () => {
    await purchases.buySeat(0);
    const interrupted = await activities.beginReconciliation(randomUUID(), 'sandbox');
    await activities.readGatewayBook(interrupted, null);

    await reconcile();

    expect(await seen()).toEqual([]);
    expect(await owner()('gateway_lines').where({ run_id: interrupted.runId }).select('*')).toHaveLength(1);
    expect(await readReconciliation(fixture.database.db, ['sandbox'])).toMatchObject({
      gateways: [{ lastRun: { lines: 1 }, running: null }],
    });
  });

  it('removes the lines of an interrupted run a day later', async () => {
    await purchases.buySeat(0);
    const interrupted = await activities.beginReconciliation(randomUUID(), 'sandbox');
    await activities.readGatewayBook(interrupted, null);
    await owner()('reconciliation_runs').update({ started_at: new Date(Date.now() - 25 * 3_600_000) });

    await reconcile();

    expect(await owner()('gateway_lines').select('*')).toEqual([]);
  });

  it('whose pages are read twice finds the same', async () => {
    const step = await purchases.failPayment(0);
    fixture.gateway.captureLate(chargeOfPayment(step));
    const run = await activities.beginReconciliation(randomUUID(), 'sandbox');
    await activities.readGatewayBook(run, null);
    await activities.readGatewayBook(run, null);

    const pages = [await activities.compareAttempts(run, null), await activities.compareAttempts(run, null)];

    expect(pages[0]).toEqual(pages[1]);
    expect(await differences()).toHaveLength(1);
  });
});
