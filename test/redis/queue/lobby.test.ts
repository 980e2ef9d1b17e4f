import { randomUUID } from 'node:crypto';
import { createLobby, type Lobby } from '../../../src/redis/queue/lobby';
import {
  createQueue,
  SILENCE_SECONDS,
  type Place,
  type Queue,
  type Room,
} from '../../../src/redis/queue/queue';
import { createTestRedis, type TestRedis } from '../../support/redis';

const OPENS_AT = Date.parse('2030-01-01T11:00:00.000Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long an admitted place lasts in this suite. */
const ACTIVE_SECONDS = 900;

let redis: TestRedis;
let queue: Queue;
let lobby: Lobby;
let now: number;
const clock = () => now;

beforeAll(async () => {
  redis = await createTestRedis();
  queue = createQueue(redis.redis, clock);
  lobby = createLobby(redis.redis, clock);
});
beforeEach(() => {
  now = OPENS_AT - MINUTE;
});
afterAll(async () => redis.drop());

const aRoom = (settings: Partial<Room> = {}): Room => ({
  name: randomUUID(),
  maxActive: 2,
  admitPerSecond: null,
  activeSeconds: ACTIVE_SECONDS,
  draw: { opensAt: new Date(OPENS_AT), done: false },
  ...settings,
});

const key = (userId: string) => ({ userId, placeId: `${userId}'s` });
const enter = async (room: Room, userId: string): Promise<Place> => queue.enter(room, key(userId));
const look = async (room: Room, userId: string): Promise<Place> => queue.look(room, key(userId));

async function enterAll(room: Room, users: readonly string[]): Promise<void> {
  for (const user of users) await enter(room, user);
}

const people = (count: number, name = 'user') =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** The order that a draw may return: here the names in reverse. */
const drawnOrder = (users: readonly string[]) => users.toReversed();

/** Closes the lobby at the opening, and lines its people up in the drawn order. */
async function open(room: Room, order: readonly string[]): Promise<void> {
  now = Math.max(now, OPENS_AT);
  await lobby.close(room.name);
  await lobby.lineUp(
    room.name,
    order.map((user) => key(user).placeId),
  );
}

/** Moves the first `count` entries, like a worker that died after that batch. */
async function moveFirst(room: Room, order: readonly string[], count: number): Promise<void> {
  const keyOf = (part: string) => `queue:{${room.name}}:${part}`;
  const moved = order.slice(0, count).flatMap((user) => [key(user).placeId, user]);
  const keys = [keyOf('lobby'), keyOf('waiting'), keyOf('seen')] as const;
  await redis.redis.moveFromLobby(...keys, 1 - order.length, ...moved);
}

/** The users who are admitted one after the other, until no user is: each comes, buys and leaves. */
async function admissions(room: Room, waiting: readonly string[]): Promise<string[]> {
  const admitted: string[] = [];
  for (const user of waiting) {
    const place = await look(room, user);
    if (place.state !== 'ACTIVE') return admitted;
    admitted.push(user);
    await queue.leave(room.name, user);
  }
  return admitted;
}

describe('before the opening', () => {
  it('a user who enters is in the lobby and is not admitted', async () => {
    const room = aRoom();
    expect(await enter(room, 'a')).toEqual({ state: 'LOBBY', placeId: "a's" });
    expect(await look(room, 'a')).toEqual({ state: 'LOBBY', placeId: "a's" });
  });

  it('an account has one entry, even with many tabs', async () => {
    const room = aRoom();
    await enter(room, 'a');
    const tabs = await Promise.all(
      people(5, 'tab').map(async (placeId) => queue.enter(room, { userId: 'a', placeId })),
    );
    expect(tabs).toEqual(tabs.map(() => ({ state: 'LOBBY', placeId: "a's" })));
    expect(await lobby.entries(room.name)).toEqual(new Map([["a's", 'a']]));
  });

  it('a user stays for days without polling', async () => {
    now = OPENS_AT - 3 * 24 * 60 * MINUTE;
    const room = aRoom();
    await enter(room, 'a');
    await redis.redis.del(`queue:{${room.name}}:place:a`); // As if its memory had ended.
    now = OPENS_AT - MINUTE;
    expect(await queue.enter(room, { userId: 'a', placeId: 'another' })).toEqual({
      state: 'LOBBY',
      placeId: "a's",
    });
  });

  it('a place that was left is not in the draw', async () => {
    const room = aRoom();
    await enterAll(room, ['a', 'b']);
    await queue.leave(room.name, 'a');
    expect(await look(room, 'a')).toEqual({ state: 'ENDED' });
    expect(await lobby.entries(room.name)).toEqual(new Map([["b's", 'b']]));
  });

  it('a token of another place finds nothing', async () => {
    const room = aRoom();
    await enter(room, 'a');
    expect(await queue.look(room, { userId: 'a', placeId: 'forged' })).toEqual({ state: 'ENDED' });
  });

  it('an entry that Redis lost is made again with its own id', async () => {
    const own = await createTestRedis();
    try {
      const lossy = createQueue(own.redis, clock);
      const room = aRoom();
      await lossy.enter(room, key('a'));
      await own.redis.flushdb();
      expect(await lossy.look(room, key('a'))).toEqual({ state: 'LOBBY', placeId: "a's" });
    } finally {
      await own.drop();
    }
  });
});

describe('at the instant of the opening', () => {
  it('an entry in the last millisecond before it is in the draw, and an entry at it is too late', async () => {
    const room = aRoom();
    now = OPENS_AT - 1;
    expect(await enter(room, 'in time')).toMatchObject({ state: 'LOBBY' });
    now = OPENS_AT;
    expect(await enter(room, 'late')).toMatchObject({ state: 'WAITING', position: 2 });
    expect(await lobby.close(room.name)).toBe(1);
  });

  it('a closed lobby takes no user, even if the clock is behind', async () => {
    const room = aRoom();
    await enter(room, 'a');
    await lobby.close(room.name);
    expect(await enter(room, 'late')).toMatchObject({ state: 'WAITING', position: 2 });
    expect(await look(room, 'a')).toMatchObject({ state: 'LOBBY' });
  });
});

describe('until the draw is done', () => {
  it('nobody is admitted, and a late user waits behind the whole lobby', async () => {
    const room = aRoom({ maxActive: 100, admitPerSecond: 50 });
    await enterAll(room, people(4));
    now = OPENS_AT + MINUTE;
    expect(await enter(room, 'late')).toMatchObject({ state: 'WAITING', placeId: "late's", position: 5 });
    expect(await look(room, 'user-0')).toMatchObject({ state: 'LOBBY' });
  });

  it('nobody loses a place by not polling', async () => {
    const room = aRoom();
    await enterAll(room, ['a']);
    now = OPENS_AT;
    await enter(room, 'late');
    now = OPENS_AT + 10 * MINUTE;
    await enter(room, 'later');
    expect(await look(room, 'late')).toMatchObject({ state: 'WAITING', position: 2 });
  });

  it('a half-written line shows every user the right position', async () => {
    const room = aRoom();
    const users = people(6);
    await enterAll(room, users);
    now = OPENS_AT;
    await enter(room, 'late');
    await lobby.close(room.name);
    const order = drawnOrder(users);
    await moveFirst(room, order, 2);
    const [first, second] = order;
    expect(await look(room, first ?? '')).toMatchObject({ state: 'WAITING', position: 1 });
    expect(await look(room, second ?? '')).toMatchObject({ state: 'WAITING', position: 2 });
    expect(await look(room, order[2] ?? '')).toMatchObject({ state: 'LOBBY' });
    expect(await look(room, 'late')).toMatchObject({ state: 'WAITING', position: 7 });
    await open(room, order);
    expect(await admissions(room, [...order, 'late'])).toEqual([...order, 'late']);
  });

  it('a user who comes while the line is written stays behind the drawn users', async () => {
    const room = aRoom();
    const users = people(6);
    await enterAll(room, users);
    now = OPENS_AT;
    await lobby.close(room.name);
    const order = drawnOrder(users);
    await moveFirst(room, order, 2);
    expect(await enter(room, 'late')).toMatchObject({ state: 'WAITING', position: 7 });

    await open(room, order);
    expect(await admissions(room, [...order, 'late'])).toEqual([...order, 'late']);
  });
});

describe('after the draw', () => {
  it('users are admitted in the drawn order, and late users follow in the order of their arrival', async () => {
    const room = aRoom({ maxActive: 1 });
    const users = people(5);
    await enterAll(room, users);
    now = OPENS_AT;
    await enterAll(room, ['late', 'later']);
    await open(room, drawnOrder(users));
    await enter(room, 'last');
    const line = [...drawnOrder(users), 'late', 'later', 'last'];
    expect(await admissions(room, line)).toEqual(line);
  });

  it('no position ever grows', async () => {
    const room = aRoom({ maxActive: 1 });
    const users = people(30);
    const late = people(10, 'late');
    await enterAll(room, users);
    const seen = new Map<string, number>();
    const lookAll = async () => {
      for (const user of [...users, ...late]) {
        const place = await look(room, user);
        if (place.state !== 'WAITING') continue;
        expect(place.position).toBeLessThanOrEqual(seen.get(user) ?? Infinity);
        seen.set(user, place.position);
      }
    };
    now = OPENS_AT;
    await enterAll(room, late);
    await lookAll();
    await queue.leave(room.name, 'user-3');
    await lobby.close(room.name);
    await lookAll();
    await queue.leave(room.name, 'user-7');
    await open(room, drawnOrder(users));
    await lookAll();
    await queue.leave(room.name, 'user-20');
    await lookAll();
    expect(seen.size).toBeGreaterThan(30);
  });

  it('to line up twice, or with two workers at once, gives one line', async () => {
    const room = aRoom({ maxActive: 1 });
    const users = people(1_200);
    await enterAll(room, users);
    const order = drawnOrder(users);
    now = OPENS_AT;
    await Promise.all([open(room, order), open(room, order)]);
    await open(room, order);
    expect(await redis.redis.zrange(`queue:{${room.name}}:waiting`, '0', '-1')).toEqual(order);
  });

  it('a user who stopped polling in the lobby leaves the line a minute after the draw, not before', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'silent', 'c']);
    now = OPENS_AT + 5 * MINUTE; // The worker was down.
    await open(room, ['a', 'silent', 'c']);
    now += SILENCE_SECONDS * SECOND - 1;
    await look(room, 'a');
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING', position: 2 });
    now += SECOND;
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING', position: 1 });
    expect(await look(room, 'silent')).toEqual({ state: 'ENDED' });
  });

  it('admitted users who are absent keep their places for at most one minute', async () => {
    const room = aRoom({ maxActive: 2 });
    await enterAll(room, ['absent', 'slow', 'c']);
    await open(room, ['absent', 'slow', 'c']);
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING', position: 1 });
    const admittedAt = now;

    now += 40 * SECOND;
    expect(await look(room, 'slow')).toEqual({
      state: 'ACTIVE',
      placeId: "slow's",
      expiresAt: new Date(admittedAt + ACTIVE_SECONDS * SECOND),
    });
    now += 19 * SECOND;
    expect(await look(room, 'c')).toMatchObject({ state: 'WAITING' });
    now += SECOND;
    expect(await look(room, 'c')).toMatchObject({ state: 'ACTIVE' });
    expect(await look(room, 'absent')).toEqual({ state: 'ENDED' });
    expect(await look(room, 'slow')).toMatchObject({ state: 'ACTIVE' });
  });

  it('a user who enters after Redis lost the draw does not wait for it', async () => {
    const room = aRoom({ draw: { opensAt: new Date(OPENS_AT), done: true } });
    now = OPENS_AT + MINUTE;
    expect(await enter(room, 'a')).toMatchObject({ state: 'ACTIVE' });
  });

  it('a user in the lobby of an older Redis state waits in line again', async () => {
    const room = aRoom({ maxActive: 1 });
    await enterAll(room, ['a', 'b']);
    now = OPENS_AT + MINUTE;
    const done: Room = { ...room, draw: { opensAt: new Date(OPENS_AT), done: true } };
    await enter(done, 'c');
    expect(await look(done, 'a')).toMatchObject({ state: 'WAITING', placeId: "a's", position: 1 });
    expect(await queue.enter(done, { userId: 'b', placeId: 'new' })).toMatchObject({ position: 2 });
  });
});

describe('ten thousand users', () => {
  it('are admitted in the drawn order, without the absent half', async () => {
    const room = aRoom({ maxActive: 1_000, admitPerSecond: 1_000 });
    const users = people(10_000);
    for (let start = 0; start < users.length; start += 1_000) {
      await Promise.all(users.slice(start, start + 1_000).map(async (user) => enter(room, user)));
    }
    const order = drawnOrder(users);
    const present = order.filter((_, index) => index % 2 === 0);
    await open(room, order);

    // Every user who is present polls every 15 s. Each admitted user buys at once.
    const admitted: string[] = [];
    let waiting = present;
    while (waiting.length > 0) {
      now += 15 * SECOND;
      const places = await Promise.all(waiting.map(async (user) => look(room, user)));
      const inside = waiting.filter((_, index) => places[index]?.state === 'ACTIVE');
      expect(places.filter(({ state }) => state === 'ENDED')).toHaveLength(0);
      admitted.push(...inside);
      await Promise.all(inside.map(async (user) => queue.leave(room.name, user)));
      const gone = new Set(inside);
      waiting = waiting.filter((user) => !gone.has(user));
    }
    expect(admitted).toEqual(present);
  }, 120_000);
});
