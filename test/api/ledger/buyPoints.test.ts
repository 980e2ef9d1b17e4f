import { randomUUID } from 'node:crypto';
import { createBuyPoints } from '../../../src/api/ledger/buyPoints';
import { createTopUpStore } from '../../../src/db/ledger/topUpStore';
import { createUser } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});

afterAll(async () => fixture?.drop());

describe('a top-up that joins a run that had found it withdrawn', () => {
  it('is withdrawn again, and its key gets a new try', async () => {
    const { db, owner } = fixture.database;
    const topUps = createTopUpStore(db);
    const topUpId = randomUUID();
    const buyPoints = createBuyPoints({
      gateway: fixture.gateway,
      topUps,
      workflows: { make: async () => Promise.resolve({ topUpId, status: 'FAILED', reason: 'withdrawn' }) },
    });
    const request = { topUpId, userId: await createUser(owner), amount: 10_000, paymentKey: undefined };

    await expect(buyPoints(request)).rejects.toMatchObject({ slug: 'temporarily-unavailable' });

    expect(await topUps.find(topUpId)).toMatchObject({ status: 'WITHDRAWN' });
  });
});
