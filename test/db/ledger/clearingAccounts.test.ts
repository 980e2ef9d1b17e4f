import { createActivities } from '../../../src/activities';
import { down, up } from '../../../src/db/migrations/030_clearing_accounts';
import { createGateways } from '../../../src/gateways/gateways';
import { createPurchases } from '../../support/purchases';
import { createScriptedGateway } from '../../support/scriptedGateway';
import { createFixture, type Fixture } from '../../support/fixture';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});

afterAll(async () => fixture?.drop());

/** What each account holds. */
async function sums(): Promise<Record<string, number>> {
  const rows = await fixture.database
    .owner('entries')
    .whereNull('user_id')
    .groupBy('account')
    .orderBy('account')
    .select<{ account: string; sum: number }[]>(
      'account',
      fixture.database.owner.raw('sum(amount)::bigint AS sum'),
    );
  return Object.fromEntries(rows.map(({ account, sum }) => [account, sum]));
}

describe('migration 030', () => {
  it('gives each gateway a separate account, with what was booked for its payments and top-ups', async () => {
    const gateways = [fixture.gateway, createScriptedGateway('toss')];
    const dependencies = { ...fixture.dependencies, gateways: createGateways(gateways, 'toss') };
    for (const gateway of gateways) {
      const purchases = createPurchases({ ...fixture, gateway }, createActivities(dependencies));
      await purchases.buyPoints(10_000);
      await purchases.buySeat(0);
      await purchases.failPayment(0);
    }
    const after = await sums();
    expect(after['gateway:clearing:toss']).toBe(after['gateway:clearing:sandbox']);

    await down(fixture.database.owner);
    const before = await sums();
    expect(before['gateway:clearing']).toBe(2 * (after['gateway:clearing:toss'] ?? 0));

    await up(fixture.database.owner);
    expect(await sums()).toEqual(after);
  });
});
