import { EventEmitter, once } from 'node:events';
import { createHoldMeter } from '../../../src/api/reservations/holdMeter';
import { Problem } from '../../../src/domain/problems';
import { createHoldFiguresStore, type HoldFigures } from '../../../src/redis/reservations/holdFigures';
import { createTestRedis, type TestRedis } from '../../support/redis';

let redis: TestRedis;
beforeAll(async () => {
  redis = await createTestRedis();
});
afterEach(async () => redis.redis.flushdb());
afterAll(async () => redis.drop());

describe('the figures of holds', () => {
  it('cover all processes over the last five seconds', async () => {
    let now = 1_800_000_000_000;
    const [one, other] = [
      createHoldFiguresStore(redis.redis, () => now),
      createHoldFiguresStore(redis.redis, () => now),
    ];
    expect(await one.recent()).toBeNull();
    await one.add({ count: 6, failed: 0, milliseconds: 600 });
    now += 2_000;
    await other.add({ count: 4, failed: 1, milliseconds: 400 });
    expect(await one.recent()).toEqual({ perSecond: 2, milliseconds: 100, failedShare: 0.1 });
    now += 3_000;
    expect(await one.recent()).toEqual({ perSecond: 0.8, milliseconds: 100, failedShare: 0.25 });
    now += 2_000;
    expect(await other.recent()).toBeNull();
  });

  it('expire', async () => {
    await createHoldFiguresStore(redis.redis).add({ count: 1, failed: 0, milliseconds: 40 });
    const [key] = await redis.redis.keys('{holds}:*');
    expect(await redis.redis.ttl(key ?? '')).toBeGreaterThan(0);
  });
});

describe('the meter of holds', () => {
  const telling = new EventEmitter();
  const meter = createHoldMeter(async (figures) => Promise.resolve(telling.emit('figures', figures)));
  /** The next figures that the meter reports. */
  const told = async () =>
    new Promise<HoldFigures>((resolve) => {
      telling.once('figures', resolve);
    });
  const failing = async (problem: Error): Promise<void> => {
    const hold = async (): Promise<never> => {
      throw problem;
    };
    await expect(meter.measure(hold)).rejects.toBe(problem);
  };

  it('reports its holds once a second; only an undecided hold counts as failed', async () => {
    const next = told();
    expect(await meter.measure(async () => Promise.resolve('held'))).toBe('held');
    await failing(new Problem('seat-unavailable', 'Another user has it.', { unavailableSeatIds: [] }));
    await failing(new Problem('temporarily-unavailable', 'No worker.'));
    await failing(new Error('a connection is lost'));
    expect(await next).toMatchObject({ count: 4, failed: 2 });
  });

  it('counts a hold that hangs before it has ended', async () => {
    const answers = new EventEmitter();
    const held = meter.measure(async () => once(answers, 'answer'));
    await told();
    expect((await told()).milliseconds).toBeGreaterThan(1_000);
    answers.emit('answer');
    await held;
  });
});
