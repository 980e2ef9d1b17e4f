import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { temporal } from '@temporalio/proto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCurrent, moveToCurrent, openRuns, seeVersions } from '../../src/temporal/workerVersions';
import type { saleOpening, sweep } from '../../src/workflows';
import { SALE_OPENING_WORKFLOW } from '../../src/contract/openings';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { eventually } from '../support/eventually';
import { createSale, createUser, PRICE, type Sale } from '../support/factories';
import { announceSale } from '../support/opening';
import { createFixture, type Fixture } from '../support/fixture';
import { createVersionedWorkers, type VersionedWorkers } from './versionedWorkers';

jest.setTimeout(120_000);

let fixture: Fixture;
let workers: VersionedWorkers;
let sale: Sale;
let userId: string;
let seats: string[];

beforeEach(async () => {
  fixture = await createFixture();
  workers = await createVersionedWorkers(fixture);
  sale = await createSale(fixture.database.owner, { seats: 4 });
  seats = [...sale.seatIds];
  userId = await createUser(fixture.database.owner, 4 * PRICE);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workers.end();
  await fixture.endTest();
  await fixture.drop();
});

const current = async () => (await seeVersions(workers.client, workers.version('').deploymentName)).current;
const openOn = async (buildId: string) => openRuns(workers.client, workers.taskQueue, buildId);
const buildsOf = async (reservationId: string) => workers.buildsOf(reservationWorkflowId(reservationId));
const pay = async (reservationId: string) => workers.pay(reservationId, userId);

/** A hold whose workflow has begun on the given version. */
async function holdOn(buildId: string): Promise<string> {
  const seatId = seats.shift();
  if (seatId === undefined) throw new Error('no seat is left');
  const reservationId = await workers.hold(sale, userId, seatId);
  await eventually(async () => expect(await buildsOf(reservationId)).toEqual([buildId]));
  return reservationId;
}

/** Temporal's answer about the workers that poll a task queue. */
const describedAs = (pollers: object[]) =>
  temporal.api.workflowservice.v1.DescribeTaskQueueResponse.fromObject({ pollers });

/** From now on, this process sees the polls of all workers as old. Its clock also runs faster, if asked. */
function letPollsGrowOld(speed = 1): void {
  jest.restoreAllMocks();
  const now = Date.now;
  const began = now();
  jest.spyOn(Date, 'now').mockImplementation(() => began + 100_000 + speed * (now() - began));
}

describe('a rolling deployment in the middle of a sale', () => {
  it('lets reservations end on their version, and everything else continue with the new one', async () => {
    await workers.start('old', 'rolling');
    await workers.takeOver('old', 'rolling');
    const first = await holdOn('old');
    const openingId = `opening-${randomUUID()}`;
    const { scheduleId } = await announceSale(fixture.database.owner, {
      saleOpensAt: new Date(Date.now() + 20_000),
    });
    const opening = await workers.client.workflow.start<typeof saleOpening>(SALE_OPENING_WORKFLOW, {
      workflowId: openingId,
      taskQueue: workers.taskQueue,
      args: [{ scheduleId }],
    });
    await eventually(async () => expect(await workers.buildsOf(openingId)).toEqual(['old']));

    await workers.start('new', 'rolling', 'next');
    expect(await workers.takeOver('new', 'rolling')).toBe(false);
    expect(workers.wasReady('new')).toBe(true);
    expect(await current()).toBe('old');
    const second = await holdOn('old');
    await eventually(async () => makeCurrent(workers.client, workers.version('new'), null));
    const third = await holdOn('new');

    for (const reservationId of [first, second, third]) {
      expect(await pay(reservationId)).toMatchObject({ status: 'SUCCEEDED' });
    }
    expect(await Promise.all([first, second, third].map(buildsOf))).toEqual([['old'], ['old'], ['new']]);
    expect(await opening.result()).toMatchObject({ status: 'OPENED' });
    expect(await workers.buildsOf(openingId)).toEqual(['old', 'new']);

    // Nothing is bound to the old version any more: its worker can stop.
    await eventually(async () => expect(await openOn('old')).toBe(0));
    await workers.stop('old');
    expect(await pay(await holdOn('new'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('loses nothing if the old worker is stopped too early: the sweep moves the runs that were bound to it', async () => {
    await workers.start('old', 'rolling');
    await workers.takeOver('old', 'rolling');
    const reservationId = await holdOn('old');
    await workers.start('new', 'rolling');
    await eventually(async () => makeCurrent(workers.client, workers.version('new'), null));
    await workers.stop('old');
    const moved = async () => {
      const workflowId = `sweep-${randomUUID()}`;
      const { taskQueue } = workers;
      return (await workers.client.workflow.execute<typeof sweep>('sweep', { workflowId, taskQueue })).moved;
    };

    // The old worker polled a moment ago, and may come back.
    await eventually(async () => expect(await openOn('old')).toBe(1));
    expect(await moved()).toBe(0);
    letPollsGrowOld();
    expect(await moved()).toBe(1);

    expect(await pay(reservationId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await buildsOf(reservationId)).toEqual(['old', 'new']);
  });
});

describe('a worker that replaces an earlier one', () => {
  it('takes over the open runs automatically', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    const reservationId = await holdOn('old');
    await workers.stop('old');
    await eventually(async () => expect(await openOn('old')).toBe(1));

    await workers.start('new', 'recreate');
    expect(await workers.takeOver('new', 'recreate')).toBe(true);

    expect(await current()).toBe('new');
    expect(await pay(reservationId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await buildsOf(reservationId)).toEqual(['old', 'new']);
  });

  it('finishes what a worker that died in between left undone, also if two workers start at once', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    const reservationId = await holdOn('old');
    await workers.stop('old');
    await workers.start('new', 'recreate');
    // The worker died before it moved anything.
    await eventually(async () => makeCurrent(workers.client, workers.version('new'), null));
    await eventually(async () => expect(await openOn('old')).toBe(1));

    await Promise.all([workers.takeOver('new', 'recreate'), workers.takeOver('new', 'recreate')]);

    await eventually(async () => expect(await openOn('old')).toBe(0));
    expect(await pay(reservationId)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is not replaced by an old one that is restarted, unless its own workers are gone', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    await workers.start('new', 'recreate');
    await workers.takeOver('new', 'recreate');

    expect(await workers.takeOver('old', 'recreate', AbortSignal.timeout(2_000))).toBe(false);
    expect(await current()).toBe('new');

    await workers.stop('new');
    letPollsGrowOld();
    // Temporal may only have forgotten the polls.
    expect(await workers.takeOver('old', 'recreate', AbortSignal.timeout(4_000))).toBe(false);
    expect(await current()).toBe('new');
    letPollsGrowOld(10);
    await workers.takeOver('old', 'recreate');
    expect(await current()).toBe('old');
  });

  it('is not replaced by an old one as long as its own workers poll', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    await workers.start('new', 'recreate');
    await workers.takeOver('new', 'recreate');

    letPollsGrowOld(10);
    // Each poll that Temporal names is as young as it would be without the fast clock.
    const { workflowService } = workers.client;
    const ask = workflowService.describeTaskQueue.bind(workflowService);
    jest
      .spyOn(workflowService, 'describeTaskQueue')
      .mockImplementation(async (request: temporal.api.workflowservice.v1.IDescribeTaskQueueRequest) => {
        const { pollers } = await ask(request);
        const lastAccessTime = { seconds: Math.floor(Date.now() / 1000) };
        return describedAs(pollers.map(({ deploymentOptions }) => ({ deploymentOptions, lastAccessTime })));
      });
    expect(await workers.takeOver('old', 'recreate', AbortSignal.timeout(6_000))).toBe(false);
    expect(await current()).toBe('new');
  });

  it('is not replaced by an old one, if Temporal says for a while that there is no deployment', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    await workers.start('new', 'recreate');
    await workers.takeOver('new', 'recreate');

    const notFound = Object.assign(new Error('5 NOT_FOUND'), {
      code: 5,
      details: '',
      metadata: new Metadata(),
    });
    const { workflowService } = workers.client;
    const asked = jest.spyOn(workflowService, 'describeWorkerDeployment').mockRejectedValue(notFound);
    expect(await workers.takeOver('old', 'recreate', AbortSignal.timeout(2_000))).toBe(false);
    expect(asked.mock.calls.length).toBeGreaterThan(3);

    jest.restoreAllMocks();
    expect(await current()).toBe('new');
  });

  it('is not replaced by an old one that asked for its polls just after two restarts of Temporal', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    await workers.start('new', 'recreate');
    await workers.takeOver('new', 'recreate');

    // After each restart Temporal knows no poll yet. In between it is down for half a minute.
    const now = Date.now;
    const asked = jest.spyOn(workers.client.workflowService, 'describeTaskQueue');
    asked.mockResolvedValueOnce(describedAs([]));
    asked.mockImplementationOnce(async () => {
      jest.spyOn(Date, 'now').mockImplementation(() => now() + 30_000);
      return Promise.reject(new Error('14 UNAVAILABLE'));
    });
    asked.mockResolvedValueOnce(describedAs([]));
    expect(await workers.takeOver('old', 'recreate', AbortSignal.timeout(4_000))).toBe(false);

    expect(asked.mock.calls.length).toBeGreaterThan(3);
    expect(await current()).toBe('new');
  });

  it('is not replaced by an older one that stalled before its take-over', async () => {
    const stalled = new AbortController();
    // Temporal has not seen a worker of this version yet: the take-over tries again and again.
    const taking = workers.takeOver('older', 'recreate', stalled.signal);
    await sleep(500);
    expect(workers.wasReady('older')).toBe(false);
    await workers.start('new', 'recreate');
    await workers.takeOver('new', 'recreate');

    await workers.start('older', 'recreate');
    await eventually(async () => {
      const { builds } = await seeVersions(workers.client, workers.version('').deploymentName);
      expect(builds).toContain('older');
    });
    await sleep(6_000);
    expect(await current()).toBe('new');
    expect(workers.wasReady('older')).toBe(true);
    stalled.abort();
    await taking;
  });

  it('moves each run once, and none of its own version', async () => {
    await workers.start('old', 'recreate');
    await workers.takeOver('old', 'recreate');
    await holdOn('old');
    await eventually(async () => expect(await openOn('old')).toBe(1));
    const page = await moveToCurrent(workers.client, workers.taskQueue, 'recreate');
    expect(page).toEqual({ moved: 0, isLast: true });
  });
});
