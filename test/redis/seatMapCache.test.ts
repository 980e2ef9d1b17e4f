import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/config/logging';
import { createBestEffort } from '../../src/redis/bestEffort';
import { connectRedis } from '../../src/redis/connect';
import { createSeatMapCache, type SeatMapCache } from '../../src/redis/seatMapCache';
import { createTestRedis, redisReady, type TestRedis } from '../support/redis';

const logger = createLogger('test', 'silent');

describe('the versions of a seat map', () => {
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

  async function readVersion(): Promise<number> {
    const found = await cache.read(scheduleId);
    if (!found) throw new Error('Redis is down');
    return found.version;
  }

  it('start with the time in microseconds and grow by one with every bump', async () => {
    const before = Date.now() * 1_000;
    const first = await readVersion();
    expect(first).toBeGreaterThan(before - 1_000_000);
    expect(first).toBeLessThan(before + 60_000_000);
    expect(await cache.bump(scheduleId)).toBe(true);
    expect(await cache.version(scheduleId)).toBe(first + 1);
  });

  it('never come again after everything in Redis was lost', async () => {
    const first = await readVersion();
    for (let bump = 0; bump < 10; bump += 1) await cache.bump(scheduleId);
    await testRedis.redis.flushdb();
    await cache.bump(scheduleId);
    expect(await readVersion()).toBeGreaterThan(first + 10);
  });

  it('name the statuses that were published, until the next bump', async () => {
    const version = await readVersion();
    expect(await cache.publish(scheduleId, version, 'AHS', 60_000)).toBe(version);
    expect(await cache.read(scheduleId)).toEqual({ version, statuses: 'AHS' });
    await cache.bump(scheduleId);
    expect(await cache.read(scheduleId)).toEqual({ version: version + 1, statuses: null });
  });

  it('do not take statuses that were loaded before a bump', async () => {
    const version = await readVersion();
    await cache.bump(scheduleId);
    expect(await cache.publish(scheduleId, version, 'AAA', 60_000)).toBe(version);
    expect(await cache.read(scheduleId)).toEqual({ version: version + 1, statuses: null });
  });

  it('grow when other statuses come under the same version, which shows that a bump was lost', async () => {
    const version = await readVersion();
    await cache.publish(scheduleId, version, 'AAA', 60_000);
    expect(await cache.publish(scheduleId, version, 'AAA', 60_000)).toBe(version);
    expect(await cache.publish(scheduleId, version, 'ASA', 60_000)).toBe(version + 1);
    expect(await cache.read(scheduleId)).toEqual({ version: version + 1, statuses: 'ASA' });
  });

  it('are missed, not waited for, where Redis is down; a bump then says so and does not throw', async () => {
    const redis = connectRedis('redis://127.0.0.1:1', { name: 'test', logger });
    const down = createSeatMapCache(redis, createBestEffort(redis, logger));
    expect(await down.read(scheduleId)).toBeUndefined();
    expect(await down.version(scheduleId)).toBeUndefined();
    expect(await down.publish(scheduleId, 1, 'A', 1_000)).toBeUndefined();
    expect(await down.bump(scheduleId)).toBe(false);
    redis.disconnect();
  });
});
