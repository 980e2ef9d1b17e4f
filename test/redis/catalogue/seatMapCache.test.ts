import { randomUUID } from 'node:crypto';
import { createLogger } from '../../../src/config/logging';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { connectRedis } from '../../../src/redis/connect';
import { createSeatMapCache, type SeatMapCache } from '../../../src/redis/catalogue/seatMapCache';
import { createTestRedis, redisReady, type TestRedis } from '../../support/redis';

const logger = createLogger('test', 'silent');
const LONG_MS = 60_000;

let testRedis: TestRedis;
let cache: SeatMapCache;
let scheduleId: string;

beforeAll(async () => {
  testRedis = await createTestRedis();
  await redisReady(testRedis.redis, 5_000);
  cache = createSeatMapCache(testRedis.redis, createBestEffort(testRedis.redis, logger));
});
beforeEach(() => {
  scheduleId = randomUUID();
});
afterAll(async () => testRedis.drop());

function present<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('Redis is down');
  return found;
}
const mark = async () => present(await cache.mark(scheduleId));
const kept = async (known = 0, trustedMs = LONG_MS) =>
  present(await cache.read(scheduleId, known, trustedMs)).kept;
const publish = async (statuses: string, loaded: { mark?: string; known?: number; ageMs?: number } = {}) =>
  present(await cache.publish(scheduleId, { mark: await mark(), known: 0, ageMs: 0, ...loaded, statuses }));

async function between(from: { version: number }, to: { version: number }) {
  const changes = present(await cache.changesBetween(scheduleId, from.version, to.version));
  return changes && Object.fromEntries(changes);
}

describe('the version of a seat map', () => {
  it('is the time in microseconds', async () => {
    const before = Date.now() * 1_000;
    const { version } = await publish('AAA');
    expect(version).toBeGreaterThan(before - 1_000_000);
    expect(version).toBeLessThan(before + 60_000_000);
  });

  it('grows if the statuses change, and stays if they do not', async () => {
    const first = await publish('AAA');
    await cache.bump(scheduleId);
    expect(await publish('AAA')).toEqual(first);
    const second = await publish('AHA');
    expect(second.version).toBeGreaterThan(first.version);
    expect((await publish('AAA')).version).toBeGreaterThan(second.version);
  });

  it('never repeats after Redis has lost everything', async () => {
    const versions = [];
    for (const statuses of ['AAA', 'AHA', 'AAA']) versions.push((await publish(statuses)).version);
    await testRedis.redis.flushdb();
    expect((await publish('AAA')).version).toBeGreaterThan(Math.max(...versions));
  });

  it('is greater than any version that a caller got while Redis was away', async () => {
    const { version } = await publish('AAA');
    const clock = version + 5_000_000;
    expect(await kept(clock)).toBeNull();
    expect((await publish('AAA', { known: clock })).version).toBeGreaterThan(clock);
  });
});

describe('published statuses', () => {
  it('are kept until the next bump', async () => {
    const { version } = await publish('AHS');
    expect(await kept()).toMatchObject({ version, statuses: 'AHS' });
    await cache.bump(scheduleId);
    expect(await kept()).toBeNull();
  });

  it('are kept as long as they are trusted, counted from their load', async () => {
    await publish('AHS', { ageMs: 300 });
    expect((await kept())?.ageMs).toBeGreaterThanOrEqual(300);
    expect(await kept(0, 300)).toBeNull();
  });

  it('are not sent to a caller that has their version', async () => {
    const { version } = await publish('AHS');
    expect(await kept(version)).toMatchObject({ version, statuses: '' });
  });

  it('never replace statuses that were loaded after a later bump', async () => {
    const early = await mark();
    await cache.bump(scheduleId);
    const later = await publish('ASS');
    expect(await publish('AAA', { mark: early })).toEqual(later);
    expect(await kept()).toMatchObject({ statuses: 'ASS' });
  });

  it('do not count as current if a bump came between load and publication', async () => {
    const early = await mark();
    await cache.bump(scheduleId);
    await publish('AAA', { mark: early });
    expect(await kept()).toBeNull();
  });

  it('get a new version if they differ, even without a bump', async () => {
    const first = await publish('AAA');
    const second = await publish('ASA');
    expect(second.version).toBeGreaterThan(first.version);
    expect(await kept()).toMatchObject(second);
  });
});

describe('the log of versions', () => {
  it('returns the merged changes from any version to any later one', async () => {
    const [a, b, c] = [await publish('AAAA'), await publish('HAAA'), await publish('SAAB')];
    expect(await between(a, b)).toEqual({ 0: 'H' });
    expect(await between(a, c)).toEqual({ 0: 'S', 3: 'B' });
    expect(await between(b, c)).toEqual({ 0: 'S', 3: 'B' });
    expect(await between(c, c)).toEqual({});
  });

  it('compares every seat of a large hall', async () => {
    const seats = Array.from({ length: 15_000 }, () => 'A');
    const before = await publish(seats.join(''));
    const changed = { 0: 'H', 63: 'S', 64: 'B', 9_999: 'H', 14_999: 'S' };
    Object.entries(changed).forEach(([at, letter]) => (seats[Number(at)] = letter));
    expect(await between(before, await publish(seats.join('')))).toEqual(changed);
  });

  it('returns nothing for an unknown version, and for versions in the wrong order', async () => {
    const [a, b] = [await publish('AA'), await publish('AH')];
    expect(await between({ version: a.version - 1 }, b)).toBeNull();
    expect(await between(a, { version: b.version + 1 })).toBeNull();
    expect(await between(b, a)).toBeNull();
  });

  it('begins again after a loss, and after a change of too many seats', async () => {
    const a = await publish('A'.repeat(2_000));
    const b = await publish('B'.repeat(2_000));
    expect(await between(a, b)).toBeNull();
    await testRedis.redis.flushdb();
    const c = await publish('H'.repeat(2_000));
    expect(await between(b, c)).toBeNull();
  });

  it('has a maximum length', async () => {
    const letters = ['A', 'H'];
    const first = await publish('A');
    for (let count = 1; count <= 1_050; count += 1) await publish(letters[count % 2] ?? '');
    expect(await testRedis.redis.xlen(`{${scheduleId}}:seats:log`)).toBe(1_000);
    expect(await between(first, await publish('A'))).toBeNull();
  });
});

describe('the cache of seat maps without Redis', () => {
  it('returns nothing without a wait, and a bump reports that and does not throw', async () => {
    const redis = connectRedis('redis://127.0.0.1:1', { name: 'test', logger });
    const down = createSeatMapCache(redis, createBestEffort(redis, logger));
    expect(await down.mark(scheduleId)).toBeUndefined();
    expect(await down.read(scheduleId, 0, LONG_MS)).toBeUndefined();
    expect(await down.publish(scheduleId, { mark: '0', statuses: 'A', known: 0, ageMs: 0 })).toBeUndefined();
    expect(await down.changesBetween(scheduleId, 1, 2)).toBeUndefined();
    expect(await down.bump(scheduleId)).toBe(false);
    redis.disconnect();
  });
});
