import { randomUUID } from 'node:crypto';
import { createSeatDirectory } from '../../../src/api/reservations/seatDirectory';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { createSale } from '../../support/factories';

describe('the seat directory', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => database.drop());

  /** The queries that Postgres gets from now on. */
  function recordQueries(): string[] {
    const queries: string[] = [];
    database.db.on('query', ({ sql }: { sql: string }) => queries.push(sql));
    return queries;
  }
  afterEach(() => database.db.removeAllListeners('query'));

  it('knows the schedule of every seat, and asks Postgres for each seat once', async () => {
    const [one, other] = [await createSale(database.owner, { seats: 2 }), await createSale(database.owner)];
    const directory = createSeatDirectory(database.db);
    const seatIds = [...one.seatIds, ...other.seatIds];
    const expected = new Map([
      ...one.seatIds.map((seatId) => [seatId, one.scheduleId] as const),
      ...other.seatIds.map((seatId) => [seatId, other.scheduleId] as const),
    ]);
    expect(await directory.schedulesOf(seatIds)).toEqual(expected);
    const queries = recordQueries();
    expect(await directory.schedulesOf(seatIds)).toEqual(expected);
    expect(queries).toEqual([]);
  });

  it('leaves unknown seats out', async () => {
    const directory = createSeatDirectory(database.db);
    expect(await directory.schedulesOf([randomUUID()])).toEqual(new Map());
    expect(await directory.schedule(randomUUID())).toBeNull();
  });

  it('reads the facts of a schedule once for all callers that ask at the same time', async () => {
    const { scheduleId } = await createSale(database.owner);
    const directory = createSeatDirectory(database.db);
    const queries = recordQueries();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => directory.schedule(scheduleId)));
    expect(answers[0]).toMatchObject({
      scheduleId,
      saleSwitch: 'OPEN',
      maxSeatsPerUser: 4,
      bookingFee: 2_000,
    });
    expect(queries).toHaveLength(1);
  });

  it("follows an operator's pause within a second", async () => {
    const { scheduleId } = await createSale(database.owner);
    const directory = createSeatDirectory(database.db);
    await directory.schedule(scheduleId);
    await database.owner('schedules').where({ id: scheduleId }).update({ sale_switch: 'PAUSED' });
    const pausedAt = Date.now();
    await eventually(async () =>
      expect(await directory.schedule(scheduleId)).toMatchObject({ saleSwitch: 'PAUSED' }),
    );
    expect(Date.now() - pausedAt).toBeLessThan(1_000);
  });
});
