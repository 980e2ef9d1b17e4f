import { randomUUID } from 'node:crypto';
import { createQueue, type Queue, type Room } from '../../../src/redis/queue/queue';
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

const aRoom = (settings: Partial<Room> = {}): Room => ({
  name: randomUUID(),
  maxActive: 1_000,
  admitPerSecond: 10,
  activeSeconds: 900,
  ...settings,
});

const key = (userId: string) => ({ userId, placeId: `${userId}'s` });

/** Lets `people` users enter. The room admits some at once; the others wait in line. */
async function lineUp(room: Room, people: number): Promise<void> {
  for (let index = 0; index < people; index += 1) await queue.enter(room, key(`user-${index}`));
}

/**
 * Polls once a second until the user's turn. Returns the reported waits, and the seconds that the wait really took.
 */
async function waitOut(room: Room, userId: string, meanwhile: (second: number) => Promise<void>) {
  const told: number[] = [];
  for (let second = 1; second <= 3_600; second += 1) {
    now += 1_000;
    if (second % 30 === 0) await everybodyAsks(room);
    await meanwhile(second);
    const place = await queue.look(room, key(userId));
    if (place.state !== 'WAITING') return { told, took: second };
    told.push(place.etaSeconds ?? -1);
  }
  throw new Error('it was never their turn');
}

/** Every user in line polls, so that none falls silent. */
async function everybodyAsks(room: Room): Promise<void> {
  const people = await redis.redis.zrange(`queue:{${room.name}}:waiting`, '0', '-1');
  await Promise.all(people.map(async (userId) => queue.look(room, key(userId))));
}

const nothing = async () => Promise.resolve();

describe('the reported wait', () => {
  it('follows the settings before anything is measured', async () => {
    const room = aRoom({ admitPerSecond: 2 });
    await lineUp(room, 42);
    expect(await queue.look(room, key('user-41'))).toMatchObject({ position: 40, etaSeconds: 20 });
  });

  it('is right if the line moves as the settings say', async () => {
    const room = aRoom({ admitPerSecond: 2 });
    await lineUp(room, 102);
    const { told, took } = await waitOut(room, 'user-101', nothing);
    expect(took).toBeGreaterThanOrEqual(49);
    expect(took).toBeLessThanOrEqual(51);
    // Compares the wait reported after each second with the wait that was left then.
    for (const [second, eta] of told.entries()) expect(Math.abs(eta - (took - second - 1))).toBeLessThan(6);
  });

  it('follows the line if places become free early', async () => {
    const room = aRoom({ maxActive: 20, admitPerSecond: 100 });
    await lineUp(room, 220);
    // If no user left early, it would take 200 places of 900 s in a room of 20.
    const early = await queue.look(room, key('user-219'));
    expect(early).toMatchObject({ position: 200, etaSeconds: 9_000 });
    const { told, took } = await waitOut(room, 'user-219', async (second) => {
      await queue.leave(room.name, `user-${second - 1}`);
    });
    expect(took).toBe(200);
    // One place a second. The queue has measured this after a minute or two.
    for (const [index, eta] of told.slice(120).entries()) {
      const left = took - 120 - index;
      expect(eta).toBeLessThan(1.5 * left + 2);
      expect(eta).toBeGreaterThan(0.6 * left - 2);
    }
  });

  it('grows while no user is admitted, until places must end', async () => {
    const room = aRoom({ maxActive: 5, admitPerSecond: null, activeSeconds: 100 });
    await lineUp(room, 6);
    const told: number[] = [];
    for (let second = 0; second < 90; second += 10) {
      const place = await queue.look(room, key('user-5'));
      told.push(place.state === 'WAITING' ? (place.etaSeconds ?? -1) : -1);
      now += 10_000;
    }
    // As far as the queue knows, one of five places of 100 s each ends every 20 s. In fact all began at once.
    expect(told).toEqual([20, 23, 25, 27, 30, 33, 37, 30, 20]);
  });

  it('forgets the speed of a line that has ended', async () => {
    const room = aRoom({ admitPerSecond: 1 });
    await lineUp(room, 3);
    now += 60_000;
    await queue.look(room, key('user-1'));
    now += 60_000;
    await queue.look(room, key('user-2'));
    await lineUp(room, 0);
    now += 600_000;
    for (const late of ['x', 'y', 'z']) await queue.enter(room, key(late));
    expect(await queue.look(room, key('z'))).toMatchObject({ position: 2, etaSeconds: 2 });
  });

  it('follows a rate that the operator changes while users wait', async () => {
    const room = aRoom({ admitPerSecond: 10 });
    await lineUp(room, 1_010);
    expect(await queue.look(room, key('user-1009'))).toMatchObject({ position: 1_000, etaSeconds: 100 });
    const slow = { ...room, admitPerSecond: 2 };
    const { told, took } = await waitOut(slow, 'user-1009', nothing);
    expect(took).toBeGreaterThanOrEqual(495);
    expect(told[120]).toBeGreaterThan(330);
    expect(told[120]).toBeLessThan(450);
  });
});
