import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from './database';
import { installServiceClock } from './serviceClock';

const HOUR_MS = 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database?.drop());

describe('the clock of Postgres in a test with skipped time', () => {
  it('is not put back by the delay of a slow answer', async () => {
    const clock = await installServiceClock(database.owner);
    let asked = 0;

    await clock.set(async () => {
      const time = Date.now() + HOUR_MS;
      asked += 1;
      if (asked === 1) await sleep(1_000);
      return time;
    });

    const { rows } = await database.owner.raw<{ rows: { ms: number }[] }>(
      `SELECT extract(epoch FROM service_now() - clock_timestamp())::float8 * 1000 AS ms`,
    );
    expect(Math.abs((rows[0]?.ms ?? 0) - HOUR_MS)).toBeLessThan(300);
  });
});
