import { createSeatChoice } from '../../../src/api/reservations/seatChoice';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createSale } from '../../support/factories';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => database?.drop());

describe('a choice that finds no seat', () => {
  it('reads statuses that are newer than its request before it says so', async () => {
    const { scheduleId, seatId } = await createSale(database.owner);
    const choice = createSeatChoice(database.db);
    const best = async () =>
      choice.best(scheduleId, { quantity: 1 }, { taken: new Set(), since: Date.now() });
    const block = async (blocked: boolean) =>
      database.owner('seats').where({ id: seatId }).update({ blocked });
    await block(true);
    expect(await best()).toEqual([]);

    await block(false);

    expect(await best()).toEqual([[seatId]]);
  });
});
