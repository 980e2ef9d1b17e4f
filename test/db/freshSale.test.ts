import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { grantUnchangedHold } from '../../src/api/reservations/grantHold';
import { createHoldStore } from '../../src/db/reservations/holdStore';
import { createSeatStore } from '../../src/db/catalogue/seatStore';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createSale, createUser, PRICE, type Sale } from '../support/factories';
import { aGrant, anAnsweredKey } from '../support/steps';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

/** Sells seats as in a past sale: directly into the table, all at once. */
async function sell(scheduleId: string, seatIds: readonly string[]): Promise<void> {
  const { owner } = database;
  const userId = await createUser(owner);
  const reservationId = randomUUID();
  await owner('reservations').insert({
    id: reservationId,
    user_id: userId,
    schedule_id: scheduleId,
    status: 'CONFIRMED',
    tickets: PRICE,
    booking_fee: 0,
    currency: 'KRW',
    held_at: new Date(),
    expires_at: new Date(),
    ended_at: new Date(),
  });
  await owner.batchInsert(
    'allocations',
    seatIds.map((seatId) => ({
      reservation_id: reservationId,
      seat_id: seatId,
      schedule_id: scheduleId,
      user_id: userId,
      price: PRICE,
      sold_at: new Date(),
    })),
  );
}

/** The statements of a query, as Postgres plans and runs them now. */
async function plansOf(query: () => Promise<unknown>): Promise<string> {
  const { owner } = database;
  const statements: { sql: string; bindings: string[] }[] = [];
  const listener = (statement: { sql: string; bindings: string[] }) => statements.push(statement);
  owner.on('query', listener);
  await query();
  owner.off('query', listener);
  const plans = await Promise.all(
    statements.map(async ({ sql, bindings }) => {
      const explain = `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) ${sql.replaceAll(/\$\d+/g, '?')}`;
      const { rows } = await owner.raw<{ rows: Record<string, string>[] }>(explain, bindings);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    }),
  );
  return plans.join('\n');
}

describe('in the first minutes of a sale, while Postgres has no statistics of it,', () => {
  let current: Sale;
  beforeAll(async () => {
    const { owner } = database;
    const past = await createSale(owner, { seats: 3_000 });
    await sell(past.scheduleId, past.seatIds);
    await owner.raw('ANALYZE');
    current = await createSale(owner, { seats: 3_000 });
    await sell(current.scheduleId, current.seatIds.slice(0, 2_000));
  });

  it('the statuses of a schedule are read in one pass', async () => {
    const { scheduleId } = current;
    const store = createSeatStore(database.owner);
    expect(await store.statuses(scheduleId)).toBe('S'.repeat(2_000) + 'A'.repeat(1_000));
    const plan = await plansOf(async () => store.statuses(scheduleId));
    expect(plan).toContain('Join');
    // A nested loop compares each seat with each sold seat: with 25,000 seats this took seconds.
    expect(plan).not.toContain('Nested Loop');
  });

  it('a hold reads its own seats, and not all seats of the schedule', async () => {
    const { scheduleId, seatIds } = current;
    const hold = {
      reservationId: randomUUID(),
      userId: randomUUID(),
      scheduleId,
      seatIds: seatIds.slice(-2),
    };
    const plan = await plansOf(async () => createHoldStore(database.owner).readHoldFacts(hold, 'read'));
    expect(plan).toContain('on seats seat');
    expect(plan).not.toMatch(/Rows Removed by Filter: \d{3}/);
  });

  it('a grant reads its own seats too, also once Postgres has settled on a plan', async () => {
    const { scheduleId, seatIds } = current;
    const free = seatIds.slice(2_000);
    const userIds = await Promise.all(Array.from({ length: 12 }, () => createUser(database.owner)));
    await database.owner.transaction(async (transaction) => {
      const holds = createHoldStore(transaction);
      for (const [place, userId] of userIds.entries()) {
        const hold = aGrant(current, userId, free.slice(2 * place, 2 * place + 2));
        const facts = await holds.readHoldFacts(hold, 'read');
        if (!facts) throw new Error('no facts about a hold');
        const before = await rowsRead(transaction);
        expect(
          await grantUnchangedHold(holds, hold, facts, (held) => anAnsweredKey(hold, held)),
        ).toMatchObject({ scheduleId });
        expect((await rowsRead(transaction)) - before).toBeLessThan(50);
      }
    });
  });
});

/** The number of rows that this transaction has read in the large tables so far. */
async function rowsRead(transaction: Knex): Promise<number> {
  const { rows } = await transaction.raw<{ rows: { sum: string }[] }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
     WHERE relname IN ('seats', 'allocations', 'reservations')`,
  );
  return Number(rows[0]?.sum);
}
