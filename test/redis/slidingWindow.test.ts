import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/config/logging';
import { createBestEffort, type BestEffort } from '../../src/redis/bestEffort';
import { createSlidingWindows, type SlidingWindows, type Window } from '../../src/redis/slidingWindow';
import { createTestRedis, redisReady, type TestRedis } from '../support/redis';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** The start of a minute. */
const START = 1_800_000_000_000;

let redis: TestRedis;
let attempt: BestEffort;
let time: number;

beforeAll(async () => {
  redis = await createTestRedis();
  await redisReady(redis.redis, 5_000);
  attempt = createBestEffort(redis.redis, createLogger('test', 'silent'));
});
beforeEach(() => (time = START));
afterAll(async () => redis?.drop());

const aProcess = (command: BestEffort = attempt) => createSlidingWindows(redis.redis, command, () => time);
/** Behaves like the client of a process that has lost Redis. */
const withoutRedis: BestEffort = () => Promise.resolve(undefined);
const tenAMinute = (): Window => ({ key: `{${randomUUID()}}`, quota: 10, windowMs: MINUTE });

/** The number of `requests` that the window allows. */
async function allowed(windows: SlidingWindows, window: Window, requests: number): Promise<number> {
  let count = 0;
  for (let request = 0; request < requests; request += 1) {
    const [state] = await windows.count([window]);
    if (state?.allowed) count += 1;
  }
  return count;
}

describe.each([
  ['in Redis', () => aProcess()],
  ['in the process, without Redis', () => aProcess(withoutRedis)],
])('a sliding window %s', (_, open) => {
  it('allows its quota and no more', async () => {
    expect(await allowed(open(), tenAMinute(), 12)).toBe(10);
  });

  it('does not allow twice the quota around the end of a minute', async () => {
    const [windows, window] = [open(), tenAMinute()];
    time = START + MINUTE - 1;
    expect(await allowed(windows, window, 10)).toBe(10);
    time = START + MINUTE + 1;
    expect(await allowed(windows, window, 10)).toBe(0);
  });

  it('slides: requests older than a minute count less and less', async () => {
    const [windows, window] = [open(), tenAMinute()];
    expect(await allowed(windows, window, 10)).toBe(10);
    time = START + 1.5 * MINUTE;
    expect(await allowed(windows, window, 5)).toBe(5);
    time = START + 3 * MINUTE;
    expect(await allowed(windows, window, 10)).toBe(10);
  });

  it('returns the rest, and how long to wait if the rest is zero: a shorter wait is too early', async () => {
    const [windows, window] = [open(), tenAMinute()];
    await allowed(windows, window, 7);
    expect(await windows.count([window])).toEqual([{ allowed: true, remaining: 2, resetMs: MINUTE }]);
    await allowed(windows, window, 2);

    time = START + 20 * SECOND;
    const [refused] = await windows.count([window]);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });

    time = START + 20 * SECOND + (refused?.resetMs ?? 0);
    const look = { ...window, peeked: true };
    expect(await windows.count([look])).toMatchObject([{ allowed: true }]);
    time -= SECOND;
    expect(await windows.count([look])).toMatchObject([{ allowed: false }]);
  });

  it('does not count a look', async () => {
    const [windows, window] = [open(), tenAMinute()];
    const look = { ...window, peeked: true };
    for (let round = 0; round < 20; round += 1) await windows.count([look]);
    expect(await allowed(windows, window, 12)).toBe(10);
    expect(await windows.count([look])).toMatchObject([{ allowed: false }]);
  });

  it('keeps several windows apart in one call', async () => {
    const [windows, one, other] = [open(), tenAMinute(), tenAMinute()];
    await allowed(windows, other, 10);
    expect(await windows.count([one, other])).toMatchObject([
      { allowed: true, remaining: 9 },
      { allowed: false, remaining: 0 },
    ]);
  });
});

describe('counters in Redis', () => {
  it('are shared by processes', async () => {
    const window = tenAMinute();
    expect(await allowed(aProcess(), window, 6)).toBe(6);
    expect(await allowed(aProcess(), window, 6)).toBe(4);
  });

  it('expire after two windows', async () => {
    const window = tenAMinute();
    await allowed(aProcess(), window, 1);
    const [key = ''] = await redis.redis.keys(`${window.key}:*`);
    expect(await redis.redis.pttl(key)).toBeLessThanOrEqual(2 * MINUTE);
    expect(await redis.redis.pttl(key)).toBeGreaterThan(MINUTE);
  });
});
