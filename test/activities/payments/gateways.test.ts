import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import { createPaymentStore } from '../../../src/db/payments/paymentStore';
import { createTopUpStore } from '../../../src/db/ledger/topUpStore';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { createGateways } from '../../../src/gateways/gateways';
import { withSnapshot } from '../../../audit/evidence/database';
import { auditLedger } from '../../../audit/ledger/audit';
import { createCancelling } from '../../support/cancelling';
import { anAttempt, BOOKING_FEE, createSale, createUser, PRICE } from '../../support/factories';
import { createPurchases, type Purchases } from '../../support/purchases';
import { createScriptedGateway, type ScriptedGateway } from '../../support/scriptedGateway';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aFailure, aGrant } from '../../support/steps';

const TOTAL = PRICE + BOOKING_FEE;

let fixture: Fixture;
let toss: ScriptedGateway;
let stripe: ScriptedGateway;
/** A worker while Toss takes new payments. */
let before: Activities;
/** A worker after `PAYMENT_GATEWAY` was set to Stripe. */
let after: Activities;
/** The same without the keys of Toss. */
let withoutKeys: Activities;
/** What was bought while Toss took new payments. */
let purchases: Purchases;

beforeEach(async () => {
  fixture = await createFixture();
  toss = createScriptedGateway('toss');
  stripe = createScriptedGateway('stripe');
  const workerWith = (gateways: ScriptedGateway[], current: string) =>
    createActivities({ ...fixture.dependencies, gateways: createGateways(gateways, current) });
  before = workerWith([toss, stripe], 'toss');
  after = workerWith([toss, stripe], 'stripe');
  withoutKeys = workerWith([stripe], 'stripe');
  purchases = createPurchases({ ...fixture, gateway: toss }, before);
});

afterEach(async () => {
  const faults = await faultsOfMoney();
  await fixture.drop();
  if (faults.length > 0) throw new Error(faults.join('\n'));
});

/** Each gateway must have the money that its clearing account shows, and the ledger must be correct. */
async function faultsOfMoney(): Promise<string[]> {
  const faults = await fixture.books.faults();
  for (const gateway of [toss, stripe]) {
    const owed = await fixture.books.owedByGateway(gateway.name);
    const taken = gateway.takenInAll();
    if (owed !== taken) faults.push(`${gateway.name} took ${taken}, the ledger says ${owed}`);
  }
  await withSnapshot(fixture.database.url, async (snapshot) =>
    auditLedger(snapshot, { onFault: ({ journal, what }) => void faults.push(`${journal} ${what}`) }),
  );
  return faults;
}

/** A payment that failed while Toss has its money. */
async function aFailedPayment() {
  const step = await purchases.beginPayment(0);
  await before.failPayment({ ...aFailure(step), mayBeCharged: true });
  return step;
}

async function undoneAt(table: 'payments' | 'top_ups', id: string): Promise<Date | null> {
  const row = await fixture.database
    .owner(table)
    .where({ id })
    .first<{ undone_at: Date | null }>('undone_at');
  return row.undone_at;
}

describe('after PAYMENT_GATEWAY was changed', () => {
  it('the charge of a failed payment is refunded by the gateway that took it', async () => {
    const { paymentId } = await aFailedPayment();
    expect(toss.taken(paymentId)).toBe(TOTAL);

    await after.giveBackCharge(paymentId, 'no-answer');

    expect(toss.taken(paymentId)).toBe(0);
    expect(await undoneAt('payments', paymentId)).not.toBeNull();
    expect(stripe.calls).toEqual([]);
  });

  it('the charge of a failed top-up is refunded by the gateway that took it', async () => {
    const { topUpId } = await purchases.openTopUp(10_000);
    await before.failTopUp(topUpId, 'no-answer', true);

    await after.giveBackTopUp(topUpId, 'no-answer');

    expect(toss.taken(topUpId)).toBe(0);
    expect(await undoneAt('top_ups', topUpId)).not.toBeNull();
    expect(stripe.calls).toEqual([]);
  });

  it('a charge that is under way stays with its gateway: it is looked up, captured, repeated and booked there', async () => {
    const sale = await createSale(fixture.database.owner);
    const hold = aGrant(sale, await createUser(fixture.database.owner), sale.seatIds);
    await fixture.grant(hold);
    const step = await fixture.request(hold, anAttempt(1, 0), 'toss');
    await before.openPayment(step.paymentId);
    toss.script('authorise');
    await before.chargeCard(chargeOfPayment(step));

    const { charge } = await after.openPayment(step.paymentId);
    if (!charge) throw new Error('the card pays nothing');
    expect(await after.lookUpCharge(charge)).toMatchObject({ outcome: 'authorised' });
    expect(await after.captureCharge(charge, 'any')).toMatchObject({ outcome: 'approved' });
    expect(await after.chargeCard(charge)).toMatchObject({ outcome: 'approved' });
    await after.confirmReservation(aConfirmation(step));

    expect(stripe.calls).toEqual([]);
    expect(await fixture.books.account('gateway:clearing:toss', hold.reservationId)).toBe(-TOTAL);
  });

  it('a top-up that is charged is credited from its gateway', async () => {
    const { topUpId, userId } = await purchases.openTopUp(10_000);

    await after.creditTopUp({ topUpId, gatewayPaymentId: 'any' });

    expect(await fixture.books.balance(userId)).toBe(10_000);
    expect(await fixture.books.owedByGateway('toss')).toBe(10_000);
  });

  it('a refund goes through the gateway that took the money, and is booked there', async () => {
    const { reservationId, paymentId } = await purchases.buySeat(0);
    const cancelling = createCancelling(fixture, after);
    const { cancellationId } = await cancelling.cancel(reservationId);

    await cancelling.refund(cancellationId);

    expect(toss.taken(paymentId)).toBe(0);
    expect(stripe.calls).toEqual([]);
    expect(await fixture.books.account('gateway:clearing:toss', reservationId)).toBe(0);
  });

  it('a payment that no gateway knows is requested again with the new gateway', async () => {
    const userId = await createUser(fixture.database.owner);
    const topUps = createTopUpStore(fixture.database.db);
    const topUp = await fixture.requestTopUp(userId, 10_000, 'toss');
    await topUps.withdraw(topUp.topUpId);
    expect(await topUps.request({ ...topUp, gateway: 'stripe' })).toMatchObject({ gateway: 'stripe' });

    const sale = await createSale(fixture.database.owner);
    const hold = aGrant(sale, userId, sale.seatIds);
    await fixture.grant(hold);
    const attempt = anAttempt();
    const payments = createPaymentStore(fixture.database.db);
    const step = await fixture.request(hold, attempt, 'toss');
    expect(await payments.request({ ...step, gateway: 'stripe' })).toMatchObject({ gateway: 'toss' });
    await payments.withdraw(attempt.paymentId);
    expect(await payments.request({ ...step, gateway: 'stripe' })).toMatchObject({ gateway: 'stripe' });
  });
});

describe('without the keys of the gateway that took the money', () => {
  const MISSING = 'the gateway toss is not configured: set TOSS_SECRET_KEY and TOSS_WEBHOOK_SECRET';

  it('the refund of a charge waits, names the missing settings, and is made when the keys are there', async () => {
    const { paymentId } = await aFailedPayment();

    await expect(withoutKeys.giveBackCharge(paymentId, 'no-answer')).rejects.toThrow(MISSING);

    expect(await undoneAt('payments', paymentId)).toBeNull();
    expect(stripe.calls).toEqual([]);
    await after.giveBackCharge(paymentId, 'no-answer');
    expect(toss.taken(paymentId)).toBe(0);
  });

  it('a new charge is not sent, and the outcome of an earlier charge stays unknown', async () => {
    const { charge } = await purchases.openTopUp(10_000);
    const unavailable = { outcome: 'unknown', reason: 'gateway-unavailable' };

    expect(await withoutKeys.chargeCard(charge)).toEqual(unavailable);
    expect(await withoutKeys.lookUpCharge(charge)).toEqual(unavailable);
    expect(await withoutKeys.captureCharge(charge, 'any')).toEqual(unavailable);

    expect(stripe.calls).toEqual([]);
    await before.failTopUp(charge.idempotencyKey, 'no-answer', true);
    await before.giveBackTopUp(charge.idempotencyKey, 'no-answer');
  });

  it('a refund stays due, and shows operators the missing settings', async () => {
    const { reservationId } = await purchases.buySeat(0);
    const { cancellationId } = await createCancelling(fixture, withoutKeys).cancel(reservationId);

    await expect(withoutKeys.refundCard({ cancellationId, attempt: 1 })).rejects.toThrow(MISSING);

    expect(await fixture.books.refund(reservationId)).toMatchObject({
      status: 'PENDING',
      fault: `unknown: ${MISSING}`,
    });
  });

  it('its book is not read, and the error says so', async () => {
    const run = await before.beginReconciliation(randomUUID(), 'toss');
    await expect(withoutKeys.readGatewayBook(run, null)).rejects.toThrow(MISSING);
  });

  it('the error names a gateway of a later release', async () => {
    const { paymentId } = await aFailedPayment();
    await fixture.database.owner('payments').where({ id: paymentId }).update({ gateway: 'later' });

    await expect(after.giveBackCharge(paymentId, 'no-answer')).rejects.toThrow(
      'the gateway later is not configured: this release does not know it',
    );

    await fixture.database.owner('payments').where({ id: paymentId }).update({ gateway: 'toss' });
    await after.giveBackCharge(paymentId, 'no-answer');
  });
});
