import { createLogger } from '../../src/config/logging';
import { createServiceClock } from '../../src/db/serviceClock';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

const logger = createLogger('test', 'silent');

describe('the clock of the service', () => {
  it('is that of Postgres, whatever the clock of the machine says', async () => {
    await database.owner.raw(
      `CREATE OR REPLACE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql VOLATILE
       AS 'SELECT clock_timestamp() - interval ''1 hour'''`,
    );
    const clock = await createServiceClock(database.db, logger);
    clock.stop();

    const aheadMs = clock.now().getTime() - (Date.now() - 3_600_000);

    expect(Math.abs(aheadMs)).toBeLessThan(1_000);
  });

  it('goes on between two reads', async () => {
    const clock = await createServiceClock(database.db, logger);
    clock.stop();
    const before = clock.now().getTime();
    await new Promise((resolve) => setTimeout(resolve, 300));

    expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(290);
  });
});
