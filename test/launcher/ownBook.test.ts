import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createActivities } from '../../src/activities';
import { hasUnfinishedBook } from '../../src/launcher/start/ownBook';
import { testEnvironment } from '../support/environment';
import { createPurchases, type Purchases } from '../support/purchases';
import { createFixture, type Fixture } from '../support/fixture';
import { aFailure } from '../support/steps';

let fixture: Fixture;
let purchases: Purchases;
let folder: string;

beforeEach(async () => {
  fixture = await createFixture();
  purchases = createPurchases(fixture, createActivities(fixture.dependencies));
  folder = mkdtempSync(path.join(testEnvironment('TEST_FOLDER'), 'own-book-'));
  mkdirSync(path.join(folder, 'sandbox-gateway'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await fixture.drop();
});

const isNeeded = async (more: { SANDBOX_GATEWAY_URL?: string } = {}) =>
  hasUnfinishedBook({ DATA_DIR: folder, ...more }, { database: { serviceUrl: fixture.database.url } });

describe('the sandbox gateway of a data folder, while another gateway takes new payments', () => {
  it('is not needed once everything is finished', async () => {
    await purchases.failPayment(0);
    expect(await isNeeded()).toBe(false);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'a charge has to be voided',
      async () => {
        const { paymentId } = await purchases.beginPayment(0);
        const activities = createActivities(fixture.dependencies);
        await activities.failPayment({ ...aFailure({ paymentId }), mayBeCharged: true });
      },
    ],
    ['a payment is under way', async () => purchases.beginPayment(0)],
    ['a top-up is under way', async () => purchases.openTopUp(10_000)],
    ['a payment for a future show may have to be refunded', async () => purchases.buySeat(0)],
  ])('is needed while %s', async (_why, buy) => {
    await buy();
    expect(await isNeeded()).toBe(true);
  });

  it('is not started without its book, nor if one runs elsewhere', async () => {
    await purchases.beginPayment(0);
    expect(await isNeeded({ SANDBOX_GATEWAY_URL: 'http://127.0.0.1:3001' })).toBe(false);
    rmSync(path.join(folder, 'sandbox-gateway'), { recursive: true });
    expect(await isNeeded()).toBe(false);
  });
});
