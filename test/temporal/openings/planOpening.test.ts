import { Client } from '@temporalio/client';
import { createLogger } from '../../../src/config/logging';
import { createDrawStore, type DrawStore } from '../../../src/db/openings/drawStore';
import { planOpening } from '../../../src/temporal/openings/planOpening';
import { ensureOpenings } from '../../../src/worker/openings';
import { saleOpeningWorkflowId } from '../../../src/contract/openings';
import { eventually } from '../../support/eventually';
import { announceSale, HOUR_MS } from '../../support/opening';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;
let client: Client;
let draws: DrawStore;
const logger = createLogger('test', 'silent');
const planned = new Set<string>();

beforeAll(async () => {
  testbed = await createTestbed('real');
  client = testbed.temporal.env.client;
  draws = createDrawStore(testbed.database.db);
}, 60_000);

afterAll(async () => {
  await Promise.all([...planned].map(async (scheduleId) => handleOf(scheduleId).delete()));
  await testbed?.drop();
});

const handleOf = (scheduleId: string) => client.schedule.getHandle(saleOpeningWorkflowId(scheduleId));

async function announce(inMs: number) {
  const { scheduleId, saleOpensAt: opensAt } = await announceSale(testbed.database.owner, {
    saleOpensAt: new Date(Date.now() + inMs),
  });
  planned.add(scheduleId);
  return { scheduleId, opensAt };
}

const plan = async (opening: { scheduleId: string; opensAt: Date }) =>
  planOpening(client, testbed.temporal.taskQueue, opening);

const ensure = async (temporal = client) =>
  ensureOpenings(temporal, draws, { taskQueue: testbed.temporal.taskQueue, logger });

/** Waits for the end of the opening. */
async function opened(scheduleId: string) {
  return eventually(async () => {
    const toOpen = await draws.toOpen();
    if (toOpen.some((opening) => opening.scheduleId === scheduleId)) throw new Error('not yet');
    return (await draws.find(scheduleId))?.result;
  });
}

describe('the plan of an opening', () => {
  it('is a Temporal Schedule that starts it once, at its time, also after an outage of months', async () => {
    const opening = await announce(HOUR_MS);
    await plan(opening);

    const { info, policies, action } = await handleOf(opening.scheduleId).describe();
    const second = Math.floor(opening.opensAt.getTime() / 1_000) * 1_000;
    expect(info.nextActionTimes).toEqual([new Date(second)]);
    expect(policies.catchupWindow).toBeGreaterThan(90 * 24 * HOUR_MS);
    expect(action).toMatchObject({
      workflowType: 'saleOpening',
      workflowId: saleOpeningWorkflowId(opening.scheduleId),
      args: [{ scheduleId: opening.scheduleId }],
    });
  });

  it('is made once, also if several callers ask for it', async () => {
    const opening = await announce(HOUR_MS);
    await Promise.all([plan(opening), plan(opening), plan(opening)]);
    await expect(plan(opening)).resolves.toBeUndefined();
  });

  it('opens a sale whose time is near at that time, and not before', async () => {
    const opening = await announce(1_500);
    await plan(opening);
    const result = await opened(opening.scheduleId);
    expect(result?.drawnAt.getTime()).toBeGreaterThanOrEqual(opening.opensAt.getTime());
  });
});

describe('a worker that starts', () => {
  it('plans what is not planned, and opens at once what should be open already', async () => {
    const [missed, toCome] = [await announce(-HOUR_MS), await announce(HOUR_MS)];
    await ensure();
    expect(await opened(missed.scheduleId)).toMatchObject({ entries: [] });
    expect((await handleOf(toCome.scheduleId).describe()).info.nextActionTimes).toHaveLength(1);
    await expect(ensure()).resolves.toBeUndefined();
  });

  it('says so in the log where Temporal refuses, and goes on', async () => {
    await announce(HOUR_MS);
    const warn = jest.spyOn(logger, 'warn');
    await ensure(new Client({ connection: testbed.temporal.env.connection, namespace: 'not-ours' }));
    expect(warn).toHaveBeenCalledTimes(1);
    await ensure();
  });
});
