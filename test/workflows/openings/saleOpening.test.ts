import { randomUUID } from 'node:crypto';
import { createDrawStore } from '../../../src/db/openings/drawStore';
import { createRooms } from '../../../src/api/queue/rooms';
import { createScheduleStore } from '../../../src/db/catalogue/scheduleStore';
import { createQueue, type Queue, type Room } from '../../../src/redis/queue/queue';
import { createOpeningActivities } from '../../../src/activities/openings/openings';
import type { saleOpening } from '../../../src/workflows';
import { SALE_OPENING_WORKFLOW, saleOpeningWorkflowId } from '../../../src/contract/openings';
import { itWithSkippedTime, OPENING_MS } from '../../support/durations';
import { announceSale, orderOf } from '../../support/opening';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;
/** The clock of the queue in Redis. It does not follow the skipped time. */
let now: number;
let queue: Queue;

beforeAll(async () => {
  testbed = await createTestbed();
  queue = createQueue(testbed.redis.redis, () => now);
}, 60_000);

beforeEach(() => {
  now = Date.now();
});

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

interface Announced {
  scheduleId: string;
  opensAt: number;
  /** The room as the API sees it now. */
  room: () => Promise<Room>;
}

async function announce(): Promise<Announced> {
  const saleOpensAt = new Date((await testbed.temporal.env.currentTimeMs()) + OPENING_MS);
  const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt });
  return {
    scheduleId,
    opensAt: saleOpensAt.getTime(),
    room: async () => {
      const settings = { capacity: 1, activeSeconds: 900 };
      const room = await createRooms(createScheduleStore(testbed.database.db), settings).find(scheduleId);
      if (!room) throw new Error('no such room');
      return room;
    },
  };
}

/** Puts people into the lobby, each under a separate entry. */
async function fill({ room }: Announced, people: number): Promise<Map<string, string>> {
  const lobby = await room();
  const userOf = new Map<string, string>();
  for (let index = 0; index < people; index += 1) {
    const key = { userId: `user-${index}`, placeId: randomUUID() };
    expect(await queue.enter(lobby, key)).toMatchObject({ state: 'LOBBY' });
    userOf.set(key.placeId, key.userId);
  }
  return userOf;
}

async function start({ scheduleId }: Pick<Announced, 'scheduleId'>) {
  return testbed.temporal.env.client.workflow.start<typeof saleOpening>(SALE_OPENING_WORKFLOW, {
    workflowId: saleOpeningWorkflowId(scheduleId),
    taskQueue: testbed.temporal.taskQueue,
    args: [{ scheduleId }],
  });
}

async function resultOf(scheduleId: string) {
  const result = (await createDrawStore(testbed.database.db).find(scheduleId))?.result;
  if (!result) throw new Error('nothing was drawn');
  return result;
}

/** The users in the order of the line: first those who are active, then those who wait. */
async function lineOf(scheduleId: string): Promise<string[]> {
  const [active, waiting] = await Promise.all(
    ['active', 'waiting'].map(async (part) =>
      testbed.redis.redis.zrange(`queue:{${scheduleId}}:${part}`, '0', '-1'),
    ),
  );
  return [...(active ?? []), ...(waiting ?? [])];
}

describe('the opening of a sale', () => {
  it('draws the lobby at its time, records the order, and puts the people in line in this order', async () => {
    const sale = await announce();
    const userOf = await fill(sale, 20);

    const opening = await start(sale);
    await expect(opening.result()).resolves.toEqual({
      scheduleId: sale.scheduleId,
      status: 'OPENED',
      entries: 20,
    });

    const { seed, entries, drawnAt } = await resultOf(sale.scheduleId);
    expect(drawnAt.getTime()).toBeGreaterThanOrEqual(sale.opensAt);
    expect(entries).toEqual(orderOf(seed, [...userOf.keys()]));
    expect(await lineOf(sale.scheduleId)).toEqual(entries.map((entry) => userOf.get(entry)));
    expect((await sale.room()).draw).toMatchObject({ done: true });
    const metadata = await opening.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toBe('Open: 20 entries were drawn.');
  });

  it('waits for the opening time if it is started early', async () => {
    const sale = await announce();
    await fill(sale, 1);
    const opening = await start(sale);
    await testbed.temporal.sleepUntil(sale.opensAt - 1_000);
    expect((await createDrawStore(testbed.database.db).find(sale.scheduleId))?.result).toBeNull();
    await opening.result();
  });

  it('lets people wait while every worker is down, and draws when a worker is back', async () => {
    const sale = await announce();
    const userOf = await fill(sale, 3);
    await testbed.temporal.stopWorker();
    const opening = await start(sale);
    now = sale.opensAt + 10 * 60_000;
    const late = await queue.enter(await sale.room(), { userId: 'late', placeId: randomUUID() });
    expect(late).toMatchObject({ state: 'WAITING', position: 4 });
    expect(await lineOf(sale.scheduleId)).toEqual(['late']);

    await testbed.temporal.startWorker();
    await opening.result();

    const { entries } = await resultOf(sale.scheduleId);
    expect(await lineOf(sale.scheduleId)).toEqual([...entries.map((entry) => userOf.get(entry)), 'late']);
  });

  it('draws the people who came again after Redis lost everything', async () => {
    const sale = await announce();
    await fill(sale, 5);
    await testbed.redis.redis.flushdb();
    const userOf = await fill(sale, 2);

    await expect((await start(sale)).result()).resolves.toMatchObject({ entries: 2 });
    expect((await resultOf(sale.scheduleId)).entries.toSorted()).toEqual([...userOf.keys()].toSorted());
  });

  it('admits people in the order in which they ask if Redis loses everything between the draw and the line', async () => {
    const sale = await announce();
    const userOf = await fill(sale, 3);
    testbed.temporal.replaceActivity('lineUp', (real) => async (scheduleId) => {
      await testbed.redis.redis.flushdb();
      return real(scheduleId);
    });
    await (await start(sale)).result();

    const before = await resultOf(sale.scheduleId);
    expect(before.entries.toSorted()).toEqual([...userOf.keys()].toSorted());
    now = sale.opensAt + 1_000;
    for (const [placeId, userId] of userOf) {
      expect(await queue.look(await sale.room(), { userId, placeId })).toMatchObject({ state: 'ACTIVE' });
    }
    expect(await resultOf(sale.scheduleId)).toEqual(before);
  });

  it('keeps the recorded order if the results of steps are lost and the steps run again', async () => {
    const sale = await announce();
    const userOf = await fill(sale, 10);
    let failures = 0;
    // A user leaves between the tries. The recorded order does not change.
    const loseTheAnswer = async () => {
      failures += 1;
      await queue.leave(sale.scheduleId, 'user-4');
      throw new Error('the answer was lost');
    };
    testbed.temporal.replaceActivity('recordDraw', (real) => async (...args) => {
      const entries = await real(...args);
      return failures === 0 ? loseTheAnswer() : entries;
    });
    testbed.temporal.replaceActivity('lineUp', (real) => async (...args) => {
      await real(...args);
      if (failures === 1) await loseTheAnswer();
    });

    await expect((await start(sale)).result()).resolves.toMatchObject({ entries: 10 });

    const { seed, entries } = await resultOf(sale.scheduleId);
    expect(entries).toEqual(orderOf(seed, [...userOf.keys()]));
    const drawn = entries.map((entry) => userOf.get(entry));
    expect(await lineOf(sale.scheduleId)).toEqual(drawn.filter((user) => user !== 'user-4'));
  });

  it('that two workers run at once is one opening', async () => {
    const sale = await announce();
    const userOf = await fill(sale, 700);
    const workers = [1, 2].map(() => createOpeningActivities(testbed.dependencies));
    await Promise.all(
      workers.map(async (activities) => {
        await activities.closeLobby(sale.scheduleId);
        await activities.recordDraw(sale.scheduleId, sale.opensAt);
        await activities.lineUp(sale.scheduleId);
        await activities.markOpened(sale.scheduleId, sale.opensAt);
      }),
    );
    const { entries } = await resultOf(sale.scheduleId);
    expect(await lineOf(sale.scheduleId)).toEqual(entries.map((entry) => userOf.get(entry)));
  });

  it('waits for its announcement if it starts a moment before the announcement is committed', async () => {
    const sale = await announce();
    let looks = 0;
    testbed.temporal.replaceActivity('readOpening', (real) => async (scheduleId) => {
      looks += 1;
      return looks < 3 ? null : real(scheduleId);
    });

    await expect((await start(sale)).result()).resolves.toMatchObject({ status: 'OPENED' });

    const { drawnAt } = await resultOf(sale.scheduleId);
    expect(drawnAt.getTime()).toBeGreaterThanOrEqual(sale.opensAt);
  });

  itWithSkippedTime('of a schedule whose announcement failed has nothing to draw', async () => {
    const opening = await start({ scheduleId: randomUUID() });
    await expect(opening.result()).resolves.toMatchObject({ status: 'NOTHING_TO_DRAW' });
  });
});
