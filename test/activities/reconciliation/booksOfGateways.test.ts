import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import { createDifferenceStore } from '../../../src/db/reconciliation/differenceStore';
import { readReconciliation } from '../../../src/db/reconciliation/reconciliationOverview';
import type { GatewayName } from '../../../src/domain/payments/gateway';
import { createGateways } from '../../../src/gateways/gateways';
import { BOOKING_FEE, PRICE } from '../../support/factories';
import { createPurchases, type Purchases } from '../../support/purchases';
import { wholeRun } from '../../support/reconcile';
import { createScriptedGateway, type ScriptedGateway } from '../../support/scriptedGateway';
import { createFixture, type Fixture } from '../../support/fixture';

const TOTAL = PRICE + BOOKING_FEE;

let fixture: Fixture;
let toss: ScriptedGateway;
let activities: Activities;
let atSandbox: Purchases;
let atToss: Purchases;

beforeEach(async () => {
  fixture = await createFixture();
  toss = createScriptedGateway('toss');
  activities = workerWith([fixture.gateway, toss]);
  atSandbox = createPurchases(fixture, activities);
  atToss = createPurchases({ ...fixture, gateway: toss }, activities);
});

afterEach(async () => fixture?.drop());

/** A worker with the keys of these gateways. It compares everything, however new. */
function workerWith(gateways: ScriptedGateway[]): Activities {
  return createActivities({
    ...fixture.dependencies,
    gateways: createGateways(gateways, 'sandbox'),
    reconcileAfterMs: -60_000,
  });
}

/** The differences as texts such as `OPEN captured-twice of toss`, sorted. */
async function seen(): Promise<string[]> {
  const page = { status: undefined, limit: 200, before: undefined };
  const differences = await createDifferenceStore(fixture.database.db).page(page);
  return differences.map(({ status, kind, gateway }) => `${status} ${kind} of ${gateway}`).toSorted();
}

const reconcile = async (gateway: GatewayName) => wholeRun(activities, gateway);

describe('with two gateways', () => {
  it('each is compared with the payments made there, and every KRW is explained', async () => {
    await atSandbox.buySeat(0);
    await atToss.buySeat(0);
    await atToss.buyPoints(10_000);

    expect((await reconcile('sandbox')).read).toEqual({ lines: 1, attempts: 1, money: TOTAL });
    expect((await reconcile('toss')).read).toEqual({ lines: 2, attempts: 2, money: TOTAL + 10_000 });

    expect(await seen()).toEqual([]);
    const overview = await readReconciliation(fixture.database.db, ['sandbox', 'toss', 'stripe']);
    expect(overview).toMatchObject({
      explained: 1,
      gateways: [
        { gateway: 'sandbox', lastRun: { money: TOTAL }, running: null },
        { gateway: 'toss', lastRun: { money: TOTAL + 10_000 }, running: null },
        { gateway: 'stripe', lastRun: null, running: null },
      ],
    });
  });

  it('a difference at one stays while only the other is compared', async () => {
    const { paymentId } = await atToss.buySeat(0);
    toss.misstate(paymentId, null);
    await reconcile('toss');
    expect(await seen()).toEqual(['OPEN charged-but-absent of toss']);

    await reconcile('sandbox');
    expect(await seen()).toEqual(['OPEN charged-but-absent of toss']);

    toss.reset();
    await reconcile('toss');
    expect(await seen()).toEqual(['RESOLVED charged-but-absent of toss']);
  });

  it('a charge at one under the key of a payment at the other counts as a second charge', async () => {
    const { paymentId, reservationId } = await atToss.buySeat(0);
    const names = { gatewayPaymentId: `strange-${randomUUID()}`, idempotencyKey: paymentId };
    const money = { status: 'CAPTURED', amount: TOTAL, refunded: 0, currency: 'KRW' } as const;
    const bookedAt = new Date().toISOString();
    fixture.gateway.invent({ ...names, ...money, orderId: reservationId, bookedAt });

    await reconcile('sandbox');
    await reconcile('toss');

    expect(await seen()).toEqual(['OPEN captured-twice of sandbox']);
  });

  it('a sale that is booked on the account of the wrong gateway is a difference', async () => {
    await atToss.buySeat(0);
    await fixture.database
      .owner('entries')
      .where({ account: 'gateway:clearing:toss' })
      .update({ account: 'gateway:clearing:sandbox' });

    await reconcile('sandbox');
    await reconcile('toss');

    expect(await seen()).toEqual(['OPEN ledger-differs of toss']);
  });
});

describe('a payment with a gateway that has no keys any more', () => {
  it('keeps the differences that only the book of that gateway can resolve', async () => {
    const { paymentId } = await atToss.buySeat(0);
    toss.misstate(paymentId, null);
    const money = { status: 'CAPTURED', amount: TOTAL, refunded: 0, currency: 'KRW' } as const;
    const names = { gatewayPaymentId: 'of-nobody', idempotencyKey: null, orderId: null };
    toss.invent({ ...names, ...money, bookedAt: new Date().toISOString() });
    await reconcile('toss');
    const found = ['OPEN charged-but-absent of toss', 'OPEN unknown-charge of toss'];
    expect(await seen()).toEqual(found);

    activities = workerWith([fixture.gateway]);
    await reconcile('sandbox');

    expect(await seen()).toEqual(found);
  });

  it('is still compared with our own books in every run, and never with another gateway', async () => {
    const { paymentId } = await atToss.buySeat(0);
    activities = workerWith([fixture.gateway]);
    expect((await reconcile('sandbox')).read).toEqual({ lines: 0, attempts: 1, money: TOTAL });
    expect(await seen()).toEqual([]);

    const payment = fixture.database.owner('payments').where({ id: paymentId });
    await payment.clone().update({ status: 'FAILED', undone_at: new Date() });
    await reconcile('sandbox');
    expect(await seen()).toEqual(['OPEN ledger-differs of toss', 'OPEN sale-without-payment of null']);

    await payment.clone().update({ status: 'SUCCEEDED', undone_at: null });
    await reconcile('sandbox');
    expect(await seen()).toEqual([
      'RESOLVED ledger-differs of toss',
      'RESOLVED sale-without-payment of null',
    ]);
  });
});
