import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createQueue,
  SILENCE_SECONDS,
  type Place,
  type Queue,
  type Room,
} from '../../../src/redis/queue/queue';
import { createTestRedis, type TestRedis } from '../../support/redis';
import { aDate, aNumber } from '../../support/matchers';

let redis: TestRedis;
let queue: Queue;
beforeAll(async () => {
  redis = await createTestRedis();
  queue = createQueue(redis.redis);
});
afterAll(async () => redis.drop());

const aRoom = (settings: Partial<Room> = {}): Room => ({
  name: randomUUID(),
  maxActive: 2,
  admitPerSecond: null,
  activeSeconds: 60,
  ...settings,
});

const key = (userId: string) => ({ userId, placeId: `${userId}'s` });

/** Enters with a separate place for each user. */
const enter = async (room: Room, userId: string): Promise<Place> => queue.enter(room, key(userId));
const look = async (room: Room, userId: string): Promise<Place> => queue.look(room, key(userId));

/** One after the other, because the test is about the order of entry. */
async function enterAll(room: Room, users: readonly string[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const user of users) places.push(await enter(room, user));
  return places;
}

/** Moves the last poll of a user into the past. */
async function fallSilent(room: Room, userId: string): Promise<void> {
  await redis.redis.zincrby(`queue:{${room.name}}:seen`, -(SILENCE_SECONDS + 1) * 1_000, userId);
}

/** Ends an admitted place. */
async function expire(room: Room, userId: string): Promise<void> {
  await redis.redis.zincrby(`queue:{${room.name}}:active`, -(room.activeSeconds + 1) * 1_000, userId);
}

describe('a room', () => {
  it('admits while it has room, then lets users wait in the order of their arrival', async () => {
    const places = await enterAll(aRoom(), ['a', 'b', 'c', 'd']);
    expect(places).toEqual([
      { state: 'ACTIVE', placeId: "a's", expiresAt: aDate },
      { state: 'ACTIVE', placeId: "b's", expiresAt: aDate },
      {
        state: 'WAITING',
        placeId: "c's",
        position: 1,
        etaSeconds: aNumber,
        pollAfterSeconds: 1,
        supply: null,
      },
      {
        state: 'WAITING',
        placeId: "d's",
        position: 2,
        etaSeconds: aNumber,
        pollAfterSeconds: 2,
        supply: null,
      },
    ]);
  });

  it('never has more active users than its limit, even if many enter at once', async () => {
    const room = aRoom({ maxActive: 7 });
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    await Promise.all(users.map(async (user) => enter(room, user)));
    const places = await Promise.all(users.map(async (user) => look(room, user)));
    expect(places.filter(({ state }) => state === 'ACTIVE')).toHaveLength(7);
  });

  it('gives an account one place: asking again returns the same', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b', 'c']);
    expect(await queue.enter(room, { userId: 'b', placeId: 'another' })).toEqual({
      state: 'WAITING',
      placeId: "b's",
      position: 1,
      etaSeconds: aNumber,
      pollAfterSeconds: 1,
      supply: null,
    });
    expect(await queue.enter(room, { userId: 'a', placeId: 'another' })).toMatchObject({
      state: 'ACTIVE',
      placeId: "a's",
    });
  });

  it('moves the line on when a place is left', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b', 'c']);
    await queue.leave(room.name, 'a');
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING', position: 1 });
    expect(await look(room, 'b')).toMatchObject({ state: 'ACTIVE' });
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
  });

  it('moves the line on when a place expires', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b']);
    await expire(room, 'a');
    expect(await look(room, 'b')).toMatchObject({ state: 'ACTIVE' });
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
  });

  it('removes silent users, so that they do not block the line', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'silent', 'c']);
    await fallSilent(room, 'silent');
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING', position: 1 });
    await queue.leave(room.name, 'a');
    expect(await look(room, 'c')).toMatchObject({ state: 'ACTIVE' });
    expect(await look(room, 'silent')).toEqual({ state: 'ENDED' });
  });

  it('keeps the place of a user who polls', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b']);
    await fallSilent(room, 'b');
    expect(await look(room, 'b')).toMatchObject({ state: 'WAITING', position: 1 });
  });

  it('never lets a position grow', async () => {
    const room = aRoom({ maxActive: 2 });
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    await enterAll(room, users);
    const positions = new Map<string, number>();
    for (let round = 0; round < 40; round += 1) {
      const user = users[(round * 7) % users.length] ?? '';
      if (round % 3 === 0) await queue.leave(room.name, user);
      if (round % 5 === 0) await enter(room, `late-${round}`);
      for (const other of users) {
        const place = await look(room, other);
        const position = place.state === 'WAITING' ? place.position : 0;
        expect(position).toBeLessThanOrEqual(positions.get(other) ?? Infinity);
        positions.set(other, position);
      }
    }
  });

  it('admits no faster than its rate', async () => {
    const room = aRoom({ maxActive: 100, admitPerSecond: 4 });
    const users = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    await enterAll(room, users);
    const active = async () => redis.redis.zcard(`queue:{${room.name}}:active`);
    // The admissions of one second may come at once. The entries themselves took some milliseconds.
    expect(await active()).toBeLessThanOrEqual(5);
    const start = Date.now();
    await sleep(500);
    await look(room, 'user-11');
    expect(await active()).toBeLessThanOrEqual(5 + Math.ceil(((Date.now() - start) / 1_000) * 4));
    expect(await active()).toBeGreaterThanOrEqual(6);
  });

  it('admits at rates below one a second', async () => {
    const room = aRoom({ maxActive: 100, admitPerSecond: 0.5 });
    expect(await enterAll(room, ['a', 'b'])).toMatchObject([{ state: 'ACTIVE' }, { state: 'WAITING' }]);
  });

  it('follows its settings while it runs', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b']);
    expect(await look({ ...room, maxActive: 2 }, 'b')).toMatchObject({ state: 'ACTIVE' });
  });
});

describe('a place', () => {
  it('lasts as long as it says, and a poll does not extend it', async () => {
    const room = aRoom();
    const first = await enter(room, 'a');
    await sleep(20);
    expect(await look(room, 'a')).toEqual(first);
  });

  it('that ended stays ended, and a new entry makes a new place at the end of the line', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b', 'c']);
    await expire(room, 'a');
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
    expect(await queue.enter(room, { userId: 'a', placeId: 'second' })).toEqual({
      state: 'WAITING',
      placeId: 'second',
      position: 2,
      etaSeconds: aNumber,
      pollAfterSeconds: 2,
      supply: null,
    });
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
    expect(await queue.look(room, { userId: 'a', placeId: 'second' })).toMatchObject({ state: 'WAITING' });
  });

  it('that was left does not come back with a poll', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.leave(room.name, 'a');
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
  });

  it('that Redis lost is given again without an error', async () => {
    const own = await createTestRedis();
    try {
      const lossy = createQueue(own.redis);
      const room = aRoom({ maxActive: 1 });
      await lossy.enter(room, key('a'));
      await lossy.enter(room, key('b'));
      await own.redis.flushdb();
      expect(await lossy.look(room, key('b'))).toMatchObject({ state: 'ACTIVE', placeId: "b's" });
      expect(await lossy.look(room, key('a'))).toMatchObject({
        state: 'WAITING',
        placeId: "a's",
        position: 1,
      });
    } finally {
      await own.drop();
    }
  });

  it('is found after the scripts were flushed', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await redis.redis.script('FLUSH');
    expect(await look(room, 'a')).toMatchObject({ state: 'ACTIVE' });
  });
});
