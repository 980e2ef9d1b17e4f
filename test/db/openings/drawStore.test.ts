import { randomUUID } from 'node:crypto';
import { createDrawStore, type DrawStore } from '../../../src/db/openings/drawStore';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createSale } from '../../support/factories';
import { textLike } from '../../support/matchers';
import { announceSale, HOUR_MS, orderOf, sha256 } from '../../support/opening';

let database: TestDatabase;
let draws: DrawStore;

beforeAll(async () => {
  database = await createTestDatabase();
  draws = createDrawStore(database.db);
});

afterAll(async () => database.drop());

const someEntries = (count: number) => Array.from({ length: count }, () => randomUUID());
const now = new Date('2030-01-01T00:00:00.000Z');

/** Announces a sale and draws. */
async function drawn(entries: readonly string[]) {
  const { scheduleId } = await announceSale(database.owner);
  await draws.record(scheduleId, entries, now);
  return { scheduleId, result: await resultOf(scheduleId) };
}

async function resultOf(scheduleId: string) {
  const result = (await draws.find(scheduleId))?.result;
  if (!result) throw new Error('nothing was drawn');
  return result;
}

describe('a commitment', () => {
  it('is made only for a schedule that has its own room and is not open yet', async () => {
    const { scheduleId, saleOpensAt } = await announceSale(database.owner);
    const open = await createSale(database.owner);
    const roomless = await createSale(database.owner, { saleOpensAt: new Date(Date.now() + HOUR_MS) });
    for (const sale of [open, roomless]) expect(await draws.commit(sale.scheduleId)).toBeNull();

    expect(await draws.find(scheduleId)).toEqual({
      scheduleId,
      seedHash: textLike(/^[0-9a-f]{64}$/),
      opensAt: saleOpensAt,
      result: null,
    });
    expect(await draws.find(open.scheduleId)).toBeNull();
    expect(await draws.find(roomless.scheduleId)).toBeNull();
  });

  it('does not change when it is made again', async () => {
    const { scheduleId } = await announceSale(database.owner);
    const before = await draws.find(scheduleId);
    expect(await draws.commit(scheduleId)).toBeNull();
    expect(await draws.find(scheduleId)).toEqual(before);
  });

  it('has a different seed for each schedule', async () => {
    const sales = [await announceSale(database.owner), await announceSale(database.owner)];
    const hashes = await Promise.all(
      sales.map(async ({ scheduleId }) => (await draws.find(scheduleId))?.seedHash),
    );
    expect(new Set(hashes).size).toBe(2);
  });
});

describe('the seed', () => {
  it('cannot be read, chosen or changed by the service before the draw', async () => {
    const { scheduleId } = await announceSale(database.owner);
    const { scheduleId: other } = await createSale(database.owner);
    const denied = /permission denied/;
    await expect(database.db('draws').select('seed')).rejects.toThrow(denied);
    await expect(database.db('draws').insert({ schedule_id: other, seed: 'mine' })).rejects.toThrow(denied);
    await expect(
      database.db('draws').where({ schedule_id: scheduleId }).update({ seed: 'mine' }),
    ).rejects.toThrow(denied);
  });

  it('is published with the result, and matches the hash of the commitment', async () => {
    const { scheduleId, result } = await drawn(someEntries(3));
    expect(sha256(result.seed)).toBe((await draws.find(scheduleId))?.seedHash);
  });
});

describe('the result', () => {
  it('has every entry, in the order that anyone can recompute from the seed', async () => {
    const entries = someEntries(500);
    const { result } = await drawn(entries);
    expect(result.drawnAt).toEqual(now);
    expect(result.entries).toEqual(orderOf(result.seed, entries));
  });

  it('does not change when a process draws again', async () => {
    const { scheduleId, result } = await drawn(someEntries(5));
    await draws.record(scheduleId, someEntries(5), new Date());
    expect(await resultOf(scheduleId)).toEqual(result);
  });

  it('is one even if many processes draw at once', async () => {
    const { scheduleId } = await announceSale(database.owner);
    const asked = Array.from({ length: 8 }, () => someEntries(20));
    await Promise.all(asked.map(async (entries) => draws.record(scheduleId, entries, new Date())));
    const { entries } = await resultOf(scheduleId);
    expect(asked.map((some) => some.toSorted())).toContainEqual(entries.toSorted());
  });

  it('cannot be written or changed by the service in any other way', async () => {
    const { scheduleId } = await drawn(someEntries(2));
    const denied = /permission denied/;
    const results = database.db('draw_results');
    await expect(results.clone().where({ schedule_id: scheduleId }).update({ entries: [] })).rejects.toThrow(
      denied,
    );
    await expect(results.clone().where({ schedule_id: scheduleId }).delete()).rejects.toThrow(denied);
    await expect(
      results.clone().insert({ schedule_id: scheduleId, drawn_at: now, seed: 'mine', entries: [] }),
    ).rejects.toThrow(denied);
  });

  it('may be empty', async () => {
    expect((await drawn([])).result.entries).toEqual([]);
  });

  it('takes a hundred thousand entries', async () => {
    const entries = someEntries(100_000);
    const { result } = await drawn(entries);
    expect(result.entries).toEqual(orderOf(result.seed, entries));
  });
});

describe('openings to come', () => {
  it('are those that were not marked as opened, soonest first', async () => {
    const later = await announceSale(database.owner, { saleOpensAt: new Date(Date.now() + 9 * HOUR_MS) });
    const sooner = await announceSale(database.owner, { saleOpensAt: new Date(Date.now() + 8 * HOUR_MS) });
    const opened = await announceSale(database.owner);
    await draws.markOpened(opened.scheduleId, now);

    const openings = await draws.toOpen();
    expect(openings.map(({ scheduleId }) => scheduleId)).not.toContain(opened.scheduleId);
    expect(openings.slice(-2)).toEqual(
      [sooner, later].map(({ scheduleId, saleOpensAt: opensAt }) => ({ scheduleId, opensAt })),
    );
  });
});
