import { lobbyStatus } from '../../../src/api/queue/lobbyStatus';
import { queueSchema, queueTokenSchema } from '../../../src/api/queue/schema';
import { createOpeningActivities } from '../../../src/activities/openings/openings';
import { createLobby } from '../../../src/redis/queue/lobby';
import { createFixture, type Fixture } from '../../support/fixture';
import { announceSale, HOUR_MS } from '../../support/opening';
import { aNumber, textLike } from '../../support/matchers';
import { expectProblem, logIn, startEdge, type Account, type Edge } from '../edge';

const UUID = /^[0-9a-f-]{36}$/;

let edge: Edge;
let fixture: Fixture;
beforeAll(async () => {
  [edge, fixture] = await Promise.all([startEdge(), createFixture()]);
});
afterAll(async () => Promise.all([edge.stop(), fixture.drop()]));

async function enter(account: Account, scheduleId: string) {
  const reply = await edge.call('POST', '/v1/queue/tokens', {
    token: account.accessToken,
    body: { scheduleId },
  });
  return queueTokenSchema.parse(reply.body);
}

const look = async ({ accessToken }: Account, queueToken: string) =>
  edge.call('GET', '/v1/queue/status', { token: accessToken, headers: { 'X-Queue-Token': queueToken } });

const status = async (account: Account, queueToken: string) =>
  queueSchema.parse((await look(account, queueToken)).body['queue']);

/** Does what the worker does at the opening, without Temporal. */
async function open(scheduleId: string): Promise<void> {
  const activities = createOpeningActivities({
    ...fixture.dependencies,
    db: edge.database.db,
    lobby: createLobby(edge.redis.redis),
  });
  await activities.closeLobby(scheduleId);
  await activities.recordDraw(scheduleId, Date.now());
  await activities.lineUp(scheduleId);
  await activities.markOpened(scheduleId, Date.now());
}

describe('before the opening', () => {
  it('a place has no position, and shows when the sale opens and its entry in the draw', async () => {
    const { scheduleId, saleOpensAt } = await announceSale(edge.database.owner);
    const account = await logIn(edge);
    const { queueToken, queue } = await enter(account, scheduleId);
    expect(queue).toEqual({
      status: 'WAITING',
      position: null,
      etaSeconds: null,
      pollAfterSeconds: aNumber,
      expiresAt: null,
      opensAt: saleOpensAt.toISOString(),
      entryId: textLike(UUID),
    });
    expect((await status(account, queueToken)).entryId).toBe(queue.entryId);
  });

  it('a user gets the same entry in several tabs and after entering again', async () => {
    const { scheduleId } = await announceSale(edge.database.owner);
    const account = await logIn(edge);
    const tabs = await Promise.all([1, 2, 3].map(async () => enter(account, scheduleId)));
    expect(new Set(tabs.map(({ queue }) => queue.entryId)).size).toBe(1);
  });

  it('no user can hold a seat', async () => {
    const { scheduleId, saleOpensAt, waitingRoom } = await announceSale(edge.database.owner);
    const account = await logIn(edge);
    const { queueToken: token } = await enter(account, scheduleId);
    const schedule = { scheduleId, saleOpensAt, waitingRoom, drawDone: false };
    await expect(
      edge.dependencies.admission.requireAdmission({ token, userId: account.userId, schedule }),
    ).rejects.toMatchObject({ slug: 'queue-not-admitted', members: { position: null } });
  });

  it('a forged token and the token of another user are rejected', async () => {
    const { scheduleId } = await announceSale(edge.database.owner);
    const [account, other] = [await logIn(edge), await logIn(edge)];
    const { queueToken } = await enter(account, scheduleId);
    expectProblem(await look(other, queueToken), 403, 'queue-token-mismatch');
    expectProblem(await look(account, `${queueToken.slice(0, -8)}AAAAAAAA`), 401, 'invalid-queue-token');
  });
});

describe('after the draw', () => {
  it('a place has its position, or is admitted, and its entry is in the published draw', async () => {
    const waitingRoom = { admitPerSecond: 100, maxActive: 1 };
    const { scheduleId } = await announceSale(edge.database.owner, { waitingRoom });
    const accounts = [await logIn(edge), await logIn(edge), await logIn(edge)];
    const places = await Promise.all(accounts.map(async (account) => enter(account, scheduleId)));
    await open(scheduleId);

    const { body } = await edge.call('GET', `/v1/schedules/${scheduleId}/draw`);
    const position = new Map<unknown, unknown>();
    for (const [index, account] of accounts.entries()) {
      const { queueToken = '', queue } = places[index] ?? {};
      const now = await status(account, queueToken);
      expect(now).not.toHaveProperty('entryId');
      position.set(queue?.entryId, now.position);
    }
    expect(body['entries']).toHaveLength(3);
    const drawn = [body['entries']].flat().map((entry) => position.get(entry));
    expect(drawn.slice(1)).toEqual([1, 2]);
  });
});

describe('the clients in the lobby', () => {
  const draw = { opensAt: new Date('2030-01-01T11:00:00.000Z'), done: false };
  const pollsAt = (beforeMs: number) =>
    Array.from(
      { length: 500 },
      () => lobbyStatus(draw, 'entry', draw.opensAt.getTime() - beforeMs).pollAfterSeconds,
    );

  it('poll at most once in five minutes while the opening is far away', () => {
    expect(Math.min(...pollsAt(HOUR_MS))).toBeGreaterThanOrEqual(300);
  });

  it('spread their polls after the opening, and poll well before a silent place ends', () => {
    const polls = pollsAt(20_000);
    expect(new Set(polls).size).toBeGreaterThan(10);
    expect(Math.min(...polls)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...polls)).toBeLessThanOrEqual(20 + 15 + 1);
  });

  it('poll soon while the draw is under way', () => {
    expect(Math.max(...pollsAt(-5_000))).toBeLessThanOrEqual(18);
  });
});
