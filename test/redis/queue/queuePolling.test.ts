import { randomUUID } from 'node:crypto';
import { createQueue, SILENCE_SECONDS, type Queue, type Room } from '../../../src/redis/queue/queue';
import { createTestRedis, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let queue: Queue;
let now: number;
beforeAll(async () => {
  redis = await createTestRedis();
  queue = createQueue(redis.redis, () => now);
});
beforeEach(() => {
  now = 1_800_000_000_000;
});
afterAll(async () => redis.drop());

const key = (position: number) => ({ userId: `user-${position}`, placeId: `${position}'s` });

/** A line of `people` users who have just polled. No user is admitted during the test. */
async function lineOf(people: number, admitPerSecond: number): Promise<Room> {
  const name = randomUUID();
  for (let start = 1; start <= people; start += 5_000) {
    const pipeline = redis.redis.pipeline();
    for (let position = start; position < Math.min(start + 5_000, people + 1); position += 1) {
      const { userId, placeId } = key(position);
      pipeline.zadd(`queue:{${name}}:waiting`, position, userId);
      pipeline.zadd(`queue:{${name}}:seen`, now + SILENCE_SECONDS * 1_000, userId);
      pipeline.set(`queue:{${name}}:place:${userId}`, placeId);
    }
    await pipeline.exec();
  }
  await redis.redis.hset(`queue:{${name}}:pace`, { tokens: 0, at: now });
  return { name, maxActive: people, admitPerSecond, activeSeconds: 900 };
}

/** The same in a room with one place, which is taken for long. */
async function lineBeforeFullRoom(people: number): Promise<Room> {
  const room = { ...(await lineOf(people, 10)), maxActive: 1 };
  await fill(room);
  return room;
}

/** Every place of the room is taken for long. */
async function fill({ name, maxActive }: Room): Promise<void> {
  const holders = Array.from({ length: maxActive }, (_, index) => [now + 900_000, `holder-${index}`]);
  await redis.redis.zadd(`queue:{${name}}:active`, ...holders.flat());
}

async function askAfter(room: Room, position: number): Promise<number> {
  const place = await queue.look(room, key(position));
  if (place.state !== 'WAITING') throw new Error(`position ${position} is ${place.state}`);
  return place.pollAfterSeconds;
}

/** The polls of a whole line. By the trapezoidal rule, over positions that are a tenth apart. */
async function pollsPerSecond(room: Room, people: number): Promise<number> {
  let perSecond = 0;
  let last = { position: 1, rate: 1 / (await askAfter(room, 1)) };
  for (let position = 2; position < people; position = Math.ceil(position * 1.1)) {
    const rate = 1 / (await askAfter(room, position));
    perSecond += ((position - last.position) * (rate + last.rate)) / 2;
    last = { position, rate };
  }
  return perSecond;
}

describe('the time until the next poll', () => {
  it('is short at the front, a quarter of the wait behind it, and long at the end of a long line', async () => {
    const room = await lineOf(30_000, 10);
    expect(await askAfter(room, 1)).toBe(1);
    expect(await askAfter(room, 200)).toBe(5);
    expect(await askAfter(room, 5_000)).toBe(30);
    expect(await askAfter(room, 12_000)).toBe(60);
    expect(await askAfter(room, 30_000)).toBe(120);
  });

  it('is short for the first few of a full room, because a place may become free at any time', async () => {
    const room = await lineBeforeFullRoom(40);
    expect(await askAfter(room, 1)).toBe(1);
    expect(await askAfter(room, 4)).toBe(4);
    expect(await askAfter(room, 40)).toBe(30);
  });

  it('is no longer than until the turn at full speed, however slow the line was before', async () => {
    const room = { ...(await lineOf(1_000, 40)), maxActive: 80 };
    await fill(room);
    await redis.redis.hset(`queue:{${room.name}}:pace`, { measured: 2, measuredAt: now, full: 1 });
    expect(await askAfter(room, 200)).toBe(5);
    expect(await askAfter(room, 1_000)).toBe(25);
  });

  it('keeps the polls of 100,000 users within the capacity of one process', async () => {
    const perSecond = await pollsPerSecond(await lineOf(100_000, 100), 100_000);
    expect(perSecond).toBeGreaterThan(1_000);
    expect(perSecond).toBeLessThan(3_000);
  });

  it('is long in a full room without a rate, as in the room of the service', async () => {
    const room = { ...(await lineOf(20_000, 0)), maxActive: 1_000, admitPerSecond: null };
    await fill(room);
    expect(await pollsPerSecond(room, 20_000)).toBeLessThan(1_000);
  });
});

describe('a silence', () => {
  it('ends a place after a minute, or after two polls if these are further apart', async () => {
    const room = await lineBeforeFullRoom(20_000);
    const [second, last] = [key(2).userId, key(20_000).userId];
    await askAfter(room, 2);
    expect(await askAfter(room, 20_000)).toBe(100);
    // No other user ever stops polling.
    const seen = `queue:{${room.name}}:seen`;
    const others = await redis.redis.zrange(seen, '0', '-1');
    for (let start = 0; start < others.length; start += 5_000) {
      const batch = others.slice(start, start + 5_000).filter((user) => user !== second && user !== last);
      await redis.redis.zadd(seen, ...batch.flatMap((user) => [now + 3_600_000, user]));
    }
    const isInLineAfter = async (seconds: number, user: string) => {
      now = 1_800_000_000_000 + seconds * 1_000;
      await queue.look(room, key(1));
      return (await redis.redis.zscore(`queue:{${room.name}}:waiting`, user)) !== null;
    };
    expect(await isInLineAfter(59, second)).toBe(true);
    expect(await isInLineAfter(60, second)).toBe(false);
    expect(await isInLineAfter(199, last)).toBe(true);
    expect(await isInLineAfter(200, last)).toBe(false);
  });
});
