import { randomUUID } from 'node:crypto';
import { createQueue, type Queue, type Room } from '../../../src/redis/queue/queue';
import { createTestRedis, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let queue: Queue;
beforeAll(async () => {
  redis = await createTestRedis();
  queue = createQueue(redis.redis);
});
afterAll(async () => redis.drop());

const aRoom = (settings: Partial<Room> = {}): Room => ({
  name: randomUUID(),
  maxActive: 1,
  admitPerSecond: null,
  activeSeconds: 60,
  ...settings,
});
const key = (userId: string) => ({ userId, placeId: `${userId}'s` });
const enter = async (room: Room, userId: string) => queue.enter(room, key(userId));
const look = async (room: Room, userId: string) => queue.look(room, key(userId));

describe('a place that is freed', () => {
  it('goes to the next in line', async () => {
    const room = aRoom();
    for (const user of ['a', 'b']) await enter(room, user);
    await queue.free(room.name, 'a');
    expect(await look(room, 'b')).toMatchObject({ state: 'ACTIVE' });
  });

  it('keeps its token: the next poll takes a place at once if nobody waits', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.free(room.name, 'a');
    expect(await look(room, 'a')).toMatchObject({ state: 'ACTIVE', placeId: "a's" });
  });

  it('is taken again at the end of the line if others wait', async () => {
    const room = aRoom();
    for (const user of ['a', 'b', 'c']) await enter(room, user);
    await queue.free(room.name, 'a');
    expect(await look(room, 'a')).toMatchObject({ state: 'WAITING', placeId: "a's", position: 2 });
    expect(await look(room, 'b')).toMatchObject({ state: 'ACTIVE' });
  });

  it('does not revive a token that was given up before', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.leave(room.name, 'a');
    await queue.enter(room, { userId: 'a', placeId: 'second' });
    await queue.free(room.name, 'a');
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
    expect(await queue.look(room, { userId: 'a', placeId: 'second' })).toMatchObject({ state: 'ACTIVE' });
  });

  it('ends permanently with a logout', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.free(room.name, 'a');
    await queue.leave(room.name, 'a');
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
  });

  it('does not change if it waits or has ended', async () => {
    const room = aRoom();
    for (const user of ['a', 'b', 'c']) await enter(room, user);
    await queue.free(room.name, 'b');
    expect(await look(room, 'b')).toMatchObject({ state: 'WAITING', position: 1 });
    await queue.leave(room.name, 'c');
    await queue.free(room.name, 'c');
    expect(await look(room, 'c')).toEqual({ state: 'ENDED' });
  });
});

describe('a place is live', () => {
  it('while it is admitted or waits, after it was freed, and after Redis has lost it', async () => {
    const room = aRoom();
    for (const user of ['a', 'b']) await enter(room, user);
    expect(await queue.isLive(room.name, key('a'))).toBe(true);
    expect(await queue.isLive(room.name, key('b'))).toBe(true);
    await queue.free(room.name, 'a');
    expect(await queue.isLive(room.name, key('a'))).toBe(true);
    expect(await queue.isLive(room.name, key('unheard of'))).toBe(true);
  });

  it('not after it was left or replaced', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.leave(room.name, 'a');
    expect(await queue.isLive(room.name, key('a'))).toBe(false);
    await queue.enter(room, { userId: 'a', placeId: 'second' });
    expect(await queue.isLive(room.name, key('a'))).toBe(false);
  });

  it('and the check takes no place and does not move the line', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await queue.free(room.name, 'a');
    await queue.isLive(room.name, key('a'));
    expect(await enter(room, 'b')).toMatchObject({ state: 'ACTIVE' });
  });
});
