import { z } from 'zod';
import { createLogger } from '../../src/config/logging';
import { createBestEffort, type BestEffort } from '../../src/redis/bestEffort';
import { createCache, type CachedRead } from '../../src/redis/cache';
import { connectRedis } from '../../src/redis/connect';
import { createFreezableProxy } from '../support/freezableProxy';
import { createTestRedis, redisReady, type TestRedis } from '../support/redis';

const logger = createLogger('test', 'silent');
const entry = z.object({ count: z.number() });

/** A load that counts its runs and can be held back. */
function countingLoad() {
  let runs = 0;
  let gate: Promise<void> = Promise.resolve();
  return {
    load: async () => {
      runs += 1;
      const count = runs;
      await gate;
      return { count };
    },
    runs: () => runs,
    holdBack(): () => void {
      let open: (() => void) | undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => open?.();
    },
  };
}

const failing = async () => Promise.reject(new Error('no database'));

describe('the cache', () => {
  let testRedis: TestRedis;
  let attempt: BestEffort;

  /** A cache in another process with the same Redis. */
  const newProcess = (ttlMs = 60_000) => createCache(attempt, { name: 'test', ttlMs });

  beforeAll(async () => {
    testRedis = await createTestRedis();
    attempt = createBestEffort(testRedis.redis, logger);
    await redisReady(testRedis.redis, 5_000);
  });
  beforeEach(async () => testRedis.redis.flushdb());
  afterAll(async () => testRedis.drop());

  /** Reads, and waits until the background write has arrived in Redis. */
  async function kept(read: CachedRead<{ count: number }>, load: () => Promise<{ count: number }>) {
    await read('a', load);
    await testRedis.redis.ping();
  }

  it('loads once for all callers that ask at the same time', async () => {
    const source = countingLoad();
    const release = source.holdBack();
    const read = newProcess().of('thing', entry);
    const answers = Array.from({ length: 50 }, async () => read('a', source.load));
    release();
    expect(new Set((await Promise.all(answers)).map(({ count }) => count))).toEqual(new Set([1]));
    expect(source.runs()).toBe(1);
  });

  it('gives another process the value that this process loaded', async () => {
    const source = countingLoad();
    await kept(newProcess().of('thing', entry), source.load);
    expect(await newProcess().of('thing', entry)('a', source.load)).toEqual({ count: 1 });
    expect(source.runs()).toBe(1);
  });

  it('keeps keys and kinds apart', async () => {
    const cache = newProcess();
    const source = countingLoad();
    await kept(cache.of('thing', entry), source.load);
    expect(await cache.of('thing', entry)('b', source.load)).toEqual({ count: 2 });
    expect(await cache.of('other', entry)('a', source.load)).toEqual({ count: 3 });
  });

  it('forgets everything at once in all processes when it is invalidated', async () => {
    const source = countingLoad();
    const read = newProcess().of('thing', entry);
    await kept(read, source.load);
    expect(await newProcess().invalidate()).toBe(true);
    expect(await read('a', source.load)).toEqual({ count: 2 });
  });

  it('never keeps a value from before an invalidation as if it were newer', async () => {
    const source = countingLoad();
    const release = source.holdBack();
    const cache = newProcess();
    const read = cache.of('thing', entry);
    const early = read('a', source.load);
    while (source.runs() === 0) await testRedis.redis.ping();
    await cache.invalidate();
    release();
    expect(await early).toEqual({ count: 1 });
    await testRedis.redis.ping();
    expect(await newProcess().of('thing', entry)('a', source.load)).toEqual({ count: 2 });
  });

  it('gives each entry its own lifetime, 70 to 100 % of the set time', async () => {
    const source = countingLoad();
    const read = newProcess(60_000).of('thing', entry);
    await Promise.all(Array.from({ length: 20 }, async (_, index) => read(String(index), source.load)));
    await testRedis.redis.ping();
    const lives = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => testRedis.redis.pttl(`{test}:thing:${index}`)),
    );
    expect(Math.min(...lives)).toBeGreaterThan(40_000);
    expect(Math.max(...lives)).toBeLessThanOrEqual(60_000);
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(500);
  });

  it.each(['0 {"count":"of another release"}', '0 not JSON'])('loads if it finds %s', async (found) => {
    await testRedis.redis.set('{test}:thing:a', found);
    const source = countingLoad();
    expect(await newProcess().of('thing', entry)('a', source.load)).toEqual({ count: 1 });
  });

  it('reports a failed load to all its callers, and tries again for the next', async () => {
    const read = newProcess().of('thing', entry);
    const both = await Promise.allSettled([read('a', failing), read('a', failing)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await read('a', countingLoad().load)).toEqual({ count: 1 });
  });
});

describe('without Redis', () => {
  it('loads at once if nothing listens, but only once for parallel callers', async () => {
    const redis = connectRedis('redis://127.0.0.1:1', { name: 'test', logger });
    const source = countingLoad();
    const cache = createCache(createBestEffort(redis, logger), { name: 'test', ttlMs: 1_000 });
    const read = cache.of('thing', entry);
    const startedAt = Date.now();
    await Promise.all([read('a', source.load), read('a', source.load)]);
    expect(source.runs()).toBe(1);
    await read('a', source.load);
    expect(source.runs()).toBe(2);
    expect(await cache.invalidate()).toBe(false);
    expect(Date.now() - startedAt).toBeLessThan(100);
    redis.disconnect();
  });

  it('waits a moment for a Redis that hangs, then works without it until it is back', async () => {
    const testRedis = await createTestRedis();
    const proxy = await createFreezableProxy(testRedis.url);
    const redis = connectRedis(proxy.url, { name: 'test', logger });
    await redisReady(redis, 5_000);
    const source = countingLoad();
    const cache = createCache(createBestEffort(redis, logger), { name: 'test', ttlMs: 60_000 });
    const read = cache.of('thing', entry);

    proxy.freeze();
    const startedAt = Date.now();
    for (let ask = 0; ask < 20; ask += 1) await read('a', source.load);
    expect(source.runs()).toBe(20);
    expect(Date.now() - startedAt).toBeLessThan(600);

    proxy.thaw();
    while (!(await cache.invalidate())) await new Promise(setImmediate);
    redis.disconnect();
    proxy.stop();
    await testRedis.drop();
  });
});
