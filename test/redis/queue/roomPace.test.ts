import { randomUUID } from 'node:crypto';
import { createPaceControl } from '../../../src/api/queue/paceControl';
import type { SystemSignals } from '../../../src/api/queue/systemSignals';
import { createLogger } from '../../../src/config/logging';
import type { SeatSupply } from '../../../src/domain/catalogue/seatSupply';
import {
  createQueue,
  SILENCE_SECONDS,
  type PaceControl,
  type Queue,
  type Room,
} from '../../../src/redis/queue/queue';
import { createRoomPaces } from '../../../src/redis/queue/roomPaces';
import { createTestRedis, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let now: number;
beforeAll(async () => {
  redis = await createTestRedis();
});
beforeEach(() => {
  now = 1_800_000_000_000;
});
afterAll(async () => redis.drop());

const aRoom = (settings: Partial<Room> = {}): Room => ({
  name: randomUUID(),
  maxActive: 10_000,
  admitPerSecond: 10,
  activeSeconds: 900,
  ...settings,
});
const aScheduleRoom = (settings: Partial<Room> = {}): Room => {
  const scheduleId = randomUUID();
  return aRoom({ name: scheduleId, scheduleId, ...settings });
};
const key = (userId: string) => ({ userId, placeId: `${userId}'s` });

const HEALTHY: SystemSignals = {
  holds: { perSecond: 10, milliseconds: 40, failedShare: 0 },
  backlogSeconds: 0,
};
const SLOW: SystemSignals = {
  holds: { perSecond: 3, milliseconds: 4_000, failedShare: 0 },
  backlogSeconds: 0,
};

/** The real control, with a system and seats that a test sets. */
function controlled() {
  const state = {
    system: HEALTHY,
    seats: (): SeatSupply => ({ available: 1_000, held: 0 }),
    steps: 0,
  };
  const paces = createRoomPaces(redis.redis);
  const control = createPaceControl({
    paces,
    signals: async () => {
      state.steps += 1;
      return Promise.resolve(state.system);
    },
    seats: async () => Promise.resolve(state.seats()),
    logger: createLogger('test', 'silent'),
  });
  return { state, paces, control, queue: createQueue(redis.redis, () => now, control) };
}

/** One second in which every user in line polls. Returns the number of users admitted in it. */
async function second(queue: Queue, room: Room, control: PaceControl): Promise<number> {
  const active = async () => redis.redis.zcard(`queue:{${room.name}}:active`);
  const before = await active();
  now += 1_000;
  const people = await redis.redis.zrange(`queue:{${room.name}}:waiting`, '0', '-1');
  await Promise.all(people.map(async (userId) => queue.look(room, key(userId))));
  // A decision of this second counts from the next second on.
  await control.underWay(room.name);
  return (await active()) - before;
}

async function lineUp(queue: Queue, room: Room, people: number): Promise<void> {
  for (let index = 0; index < people; index += 1) await queue.enter(room, key(`user-${index}`));
}

describe('the step of the control', () => {
  it('is taken once a second for a room, by the first process that gets a request', async () => {
    const room = aRoom({ admitPerSecond: 1 });
    const taken: string[] = [];
    const processes = ['one', 'other'].map((name) => {
      const control: PaceControl = {
        async step() {
          taken.push(name);
          return Promise.resolve();
        },
        underWay: () => undefined,
      };
      return createQueue(redis.redis, () => now, control);
    });
    const askBoth = async () =>
      Promise.all(
        Array.from({ length: 20 }, async (_, index) =>
          Promise.all(processes.map(async (queue) => queue.enter(room, key(`user-${index}`)))),
        ),
      );
    for (let step = 1; step <= 3; step += 1) {
      await askBoth();
      now += 999;
      await askBoth();
      expect(taken).toHaveLength(step);
      now += 1;
    }
  });

  it('is not taken by requests of admitted users', async () => {
    const { queue, state, control } = controlled();
    const room = aRoom();
    await queue.enter(room, key('a'));
    await control.underWay(room.name);
    now += 5_000;
    await queue.look(room, key('a'));
    expect(state.steps).toBe(1);
  });
});

describe('a room in front of a system that becomes slow', () => {
  it('admits fewer users, down to the minimum, and its full rate again after the system has recovered', async () => {
    const { queue, state, control } = controlled();
    const room = aRoom({ minAdmitPerSecond: 2 });
    await lineUp(queue, room, 400);
    const run = async (seconds: number) => {
      const perSecond: number[] = [];
      for (let index = 0; index < seconds; index += 1) perSecond.push(await second(queue, room, control));
      return perSecond;
    };
    expect(await run(3)).toEqual([10, 10, 10]);
    state.system = SLOW;
    const falling = await run(8);
    expect(falling.slice(-2)).toEqual([2, 2]);
    state.system = HEALTHY;
    const recovering = await run(20);
    expect(recovering.slice(-2)).toEqual([10, 10]);
    // In steps, not at once.
    expect(recovering.slice(0, 8).every((admitted) => admitted < 8)).toBe(true);
  });

  it('follows an operator who changes its rate during this time', async () => {
    const { queue, control } = controlled();
    const room = aRoom({ admitPerSecond: 10 });
    await lineUp(queue, room, 200);
    expect(await second(queue, room, control)).toBe(10);
    const slower = { ...room, admitPerSecond: 3 };
    await second(queue, slower, control);
    expect(await second(queue, slower, control)).toBe(3);
  });

  it('is limited if it has no rate, and is not limited once nobody waits', async () => {
    const { queue, state, control, paces } = controlled();
    const room = aRoom({ admitPerSecond: null });
    state.system = { holds: { perSecond: 3, milliseconds: 4_000, failedShare: 0.5 }, backlogSeconds: 0 };
    await lineUp(queue, room, 1);
    await control.underWay(room.name);
    expect((await paces.read(room.name)).pace).toEqual({ reason: 'holds-failing', rate: 10 });
    for (let index = 1; index < 40; index += 1) await queue.enter(room, key(`user-${index}`));
    expect((await paces.read(room.name)).waiting).toBeGreaterThan(10);
    state.system = HEALTHY;
    for (let index = 0; index < 20; index += 1) await second(queue, room, control);
    await queue.enter(room, key('late'));
    await control.underWay(room.name);
    expect((await paces.read(room.name)).pace).toEqual({ rate: null, reason: 'full-speed' });
  });
});

describe('a schedule without a free seat', () => {
  it('admits nobody and gives the reason', async () => {
    const { queue, state, control } = controlled();
    const room = aScheduleRoom();
    state.seats = () => ({ available: 0, held: 3 });
    const place = { state: 'WAITING', position: 1, etaSeconds: null };
    expect(await queue.enter(room, key('a'))).toMatchObject({ ...place, supply: 'FULL' });
    state.seats = () => ({ available: 0, held: 0 });
    expect(await second(queue, room, control)).toBe(0);
    expect(await queue.look(room, key('a'))).toMatchObject({ ...place, supply: 'SOLD_OUT' });
  });

  it('admits users again when seats become free', async () => {
    const { queue, state, control } = controlled();
    const room = aScheduleRoom();
    state.seats = () => ({ available: 0, held: 0 });
    await queue.enter(room, key('a'));
    state.seats = () => ({ available: 1, held: 0 });
    await second(queue, room, control);
    expect(await queue.look(room, key('a'))).toMatchObject({ state: 'ACTIVE' });
  });

  it('stops the line within one step of its last seat', async () => {
    const { queue, state, control } = controlled();
    const room = aScheduleRoom();
    await lineUp(queue, room, 100);
    expect(await second(queue, room, control)).toBe(10);
    state.seats = () => ({ available: 0, held: 1 });
    await second(queue, room, control);
    expect(await second(queue, room, control)).toBe(0);
  });

  it('is detected before the first admission after a long pause', async () => {
    const { queue, state } = controlled();
    const room = aScheduleRoom();
    expect(await queue.enter(room, key('early'))).toMatchObject({ state: 'ACTIVE' });
    now += 600_000;
    state.seats = () => ({ available: 0, held: 0 });
    expect(await queue.enter(room, key('late'))).toMatchObject({ state: 'WAITING', supply: 'SOLD_OUT' });
  });
});

describe('a schedule with few free seats', () => {
  it('admits no more users in one step than there are free seats', async () => {
    const { queue, state, control } = controlled();
    const room = aScheduleRoom();
    await lineUp(queue, room, 100);
    state.seats = () => ({ available: 3, held: 5 });
    await second(queue, room, control);
    expect(await second(queue, room, control)).toBe(3);
  });
});

describe('a schedule whose seats cannot be counted', () => {
  it('admits nobody after three seconds, without an error', async () => {
    const { queue, state, control } = controlled();
    const room = aScheduleRoom();
    await lineUp(queue, room, 100);
    state.seats = () => {
      throw new Error('Postgres is away');
    };
    for (let index = 0; index < 3; index += 1) await second(queue, room, control);
    expect(await second(queue, room, control)).toBe(0);
    expect(await queue.look(room, key('user-99'))).toMatchObject({
      state: 'WAITING',
      etaSeconds: null,
      supply: null,
    });
  });
});

describe('users who leave', () => {
  it('free their places for the users behind them within a minute', async () => {
    const { queue, control } = controlled();
    const room = aRoom({ maxActive: 1 });
    await lineUp(queue, room, 5);
    // Of five users, the first is in. Three of the users behind never poll again.
    now += (SILENCE_SECONDS / 2) * 1_000;
    await queue.look(room, key('user-4'));
    now += (SILENCE_SECONDS / 2) * 1_000;
    expect(await queue.look(room, key('user-4'))).toMatchObject({ state: 'WAITING', position: 1 });
    await queue.leave(room.name, 'user-0');
    expect(await second(queue, room, control)).toBe(1);
    expect(await queue.look(room, key('user-4'))).toMatchObject({ state: 'ACTIVE' });
  });
});
