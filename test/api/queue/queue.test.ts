import { randomUUID } from 'node:crypto';
import { Problem } from '../../../src/domain/problems';
import { eventually } from '../../support/eventually';
import { createSale } from '../../support/factories';
import { aDate, aNumber, aString } from '../../support/matchers';
import { expectProblem, logIn, startEdge, type Account, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ settings: { QUEUE_CAPACITY: '1000' } });
});
afterAll(async () => edge.stop());

async function saleWithRoom(waitingRoom: { admitPerSecond: number; maxActive: number }): Promise<string> {
  const { scheduleId } = await createSale(edge.database.owner);
  await edge.database.owner('schedules').where({ id: scheduleId }).update({ waiting_room: waitingRoom });
  return scheduleId;
}

const enter = async (account: Account, scheduleId?: string) =>
  edge.call('POST', '/v1/queue/tokens', { token: account.accessToken, body: { scheduleId } });

const status = async (account: Account, queueToken = account.queueToken) =>
  edge.call('GET', '/v1/queue/status', {
    token: account.accessToken,
    headers: { 'X-Queue-Token': queueToken },
  });

/** Ends every place of a room. */
async function endPlaces(room: string): Promise<void> {
  await edge.redis.redis.del(`queue:{${room}}:active`, `queue:{${room}}:waiting`, `queue:{${room}}:seen`);
}

async function listen(account: Account, queueToken: string, from = edge): Promise<AsyncIterator<string>> {
  const response = await fetch(`${from.url}/v1/queue/events`, {
    headers: { Authorization: `Bearer ${account.accessToken}`, 'X-Queue-Token': queueToken },
  });
  expect(response.headers.get('Content-Type')).toBe('text/event-stream');
  if (!response.body) throw new Error('no stream');
  return frames(response.body.pipeThrough(new TextDecoderStream()));
}

/** The events of a stream, without its comments. */
async function* frames(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part.startsWith('event:'));
  }
}

/** The problem with which an admission is rejected. */
async function refusal(admission: Promise<unknown>): Promise<Problem> {
  const error: unknown = await admission.then(
    () => null,
    (raised: unknown) => raised,
  );
  if (error instanceof Problem) return error;
  throw new Error('nothing was rejected', { cause: error });
}

describe('POST /v1/queue/tokens', () => {
  it('returns the place that a login took in the room of the service', async () => {
    const account = await logIn(edge);
    const reply = await enter(account);
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({
      queueToken: aString,
      queue: {
        status: 'ACTIVE',
        position: 0,
        etaSeconds: 0,
        pollAfterSeconds: aNumber,
        expiresAt: aString,
      },
    });
    expect(reply.body).toMatchObject((await status(account)).body);
  });

  it('accepts a missing body as an empty one', async () => {
    const { accessToken: token } = await logIn(edge);
    expect((await edge.call('POST', '/v1/queue/tokens', { token })).status).toBe(201);
  });

  it('enters the own room of a schedule', async () => {
    const scheduleId = await saleWithRoom({ admitPerSecond: 100, maxActive: 1 });
    const [first, second] = [await logIn(edge), await logIn(edge)];
    expect((await enter(first, scheduleId)).body['queue']).toMatchObject({ status: 'ACTIVE' });
    expect((await enter(second, scheduleId)).body['queue']).toEqual({
      status: 'WAITING',
      position: 1,
      etaSeconds: aNumber,
      pollAfterSeconds: aNumber,
      supply: 'OPEN',
      expiresAt: null,
    });
  });

  it('enters the room of the service for a schedule without its own room', async () => {
    const { scheduleId } = await createSale(edge.database.owner);
    const account = await logIn(edge);
    const { body } = await enter(account, scheduleId);
    const schedule = { scheduleId, waitingRoom: null };
    const token = String(body['queueToken']);
    await expect(
      edge.dependencies.admission.requireAdmission({ token, userId: account.userId, schedule }),
    ).resolves.toEqual({ room: 'service', expiresAt: aDate });
  });

  it('gives a new place after the end of the old one', async () => {
    const account = await logIn(edge);
    await endPlaces('service');
    expectProblem(await status(account), 410, 'queue-token-expired');
    const { body } = await enter(account);
    expect((await status(account, String(body['queueToken']))).status).toBe(200);
    expectProblem(await status(account), 410, 'queue-token-expired');
  });

  it('needs an access token and the well-formed id of a known schedule', async () => {
    const account = await logIn(edge);
    expectProblem(await edge.call('POST', '/v1/queue/tokens', { body: {} }), 401, 'unauthenticated');
    expectProblem(await enter(account, randomUUID()), 404, 'schedule-not-found');
    expectProblem(await enter(account, 'x'), 400, 'validation-failed');
  });
});

describe('GET /v1/queue/status', () => {
  it('needs an access token', async () => {
    const { queueToken } = await logIn(edge);
    const reply = await edge.call('GET', '/v1/queue/status', { headers: { 'X-Queue-Token': queueToken } });
    expectProblem(reply, 401, 'unauthenticated');
  });

  it('rejects a missing token, a forged token and the token of another user', async () => {
    const [account, other] = [await logIn(edge), await logIn(edge)];
    const missing = await edge.call('GET', '/v1/queue/status', { token: account.accessToken });
    expectProblem(missing, 401, 'invalid-queue-token');
    expectProblem(await status(account, `${account.queueToken}x`), 401, 'invalid-queue-token');
    expectProblem(await status(account, other.queueToken), 403, 'queue-token-mismatch');
  });
});

describe('GET /v1/queue/events', () => {
  it('sends the position, then the admission, and ends', async () => {
    const scheduleId = await saleWithRoom({ admitPerSecond: 100, maxActive: 1 });
    const [first, second] = [await logIn(edge), await logIn(edge)];
    await enter(first, scheduleId);
    const token = String((await enter(second, scheduleId)).body['queueToken']);
    const events = await listen(second, token);
    expect((await events.next()).value).toMatch(/^event: position\ndata: .*"position":1/);
    await edge.dependencies.admission.leave(first.userId, {
      scheduleId,
      waitingRoom: { admitPerSecond: 100, maxActive: 1 },
    });
    expect((await events.next()).value).toMatch(/^event: admitted\ndata: .*"status":"ACTIVE"/);
    expect((await events.next()).done).toBe(true);
  });

  it('reports that the place has ended', async () => {
    const scheduleId = await saleWithRoom({ admitPerSecond: 100, maxActive: 1 });
    const [first, second] = [await logIn(edge), await logIn(edge)];
    await enter(first, scheduleId);
    const token = String((await enter(second, scheduleId)).body['queueToken']);
    const events = await listen(second, token);
    await events.next();
    await endPlaces(scheduleId);
    expect((await events.next()).value).toMatch(/^event: expired/);
    expect((await events.next()).done).toBe(true);
  });

  it('ends and frees its source when the service stops', async () => {
    const own = await startEdge();
    const [first, second] = [await logIn(own), await logIn(own)];
    const { scheduleId } = await createSale(own.database.owner);
    const waitingRoom = { admitPerSecond: 100, maxActive: 1 };
    await own.database.owner('schedules').where({ id: scheduleId }).update({ waiting_room: waitingRoom });
    await own.dependencies.admission.enter(first.userId, scheduleId);
    const { queueToken } = await own.dependencies.admission.enter(second.userId, scheduleId);
    const events = await listen(second, queueToken, own);
    await events.next();
    const next = events.next();
    const start = Date.now();
    await own.stop();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(Date.now() - start).toBeLessThan(1_000);
  });

  it('responds to a bad token with a problem', async () => {
    const { accessToken: token } = await logIn(edge);
    expectProblem(await edge.call('GET', '/v1/queue/events', { token }), 401, 'invalid-queue-token');
  });
});

describe('admission to a schedule', () => {
  const ROOM = { admitPerSecond: 100, maxActive: 1 };

  it('lets admitted users through and gives the others the reason', async () => {
    const { admission } = edge.dependencies;
    const scheduleId = await saleWithRoom(ROOM);
    const own = { scheduleId, waitingRoom: ROOM };
    const [first, second] = [await logIn(edge), await logIn(edge)];
    const firstToken = String((await enter(first, scheduleId)).body['queueToken']);
    const secondToken = String((await enter(second, scheduleId)).body['queueToken']);

    const admitted = await admission.requireAdmission({
      token: firstToken,
      userId: first.userId,
      schedule: own,
    });
    expect(admitted.expiresAt.getTime()).toBeGreaterThan(Date.now());

    const waiting = await refusal(
      admission.requireAdmission({ token: secondToken, userId: second.userId, schedule: own }),
    );
    expect(waiting).toMatchObject({ slug: 'queue-not-admitted', members: { position: 1 } });

    const cases = [
      [undefined, second.userId, own, 'invalid-queue-token'],
      ['forged', second.userId, own, 'invalid-queue-token'],
      [firstToken, second.userId, own, 'queue-token-mismatch'],
      [first.queueToken, first.userId, own, 'queue-token-wrong-room'],
      [firstToken, first.userId, { scheduleId: randomUUID(), waitingRoom: null }, 'queue-token-wrong-room'],
    ] as const;
    for (const [token, userId, schedule, slug] of cases) {
      expect((await refusal(admission.requireAdmission({ token, userId, schedule }))).slug).toBe(slug);
    }
    await endPlaces(scheduleId);
    const ended = await refusal(
      admission.requireAdmission({ token: firstToken, userId: first.userId, schedule: own }),
    );
    expect(ended.slug).toBe('queue-token-expired');
  });

  it('ends after QUEUE_TOKEN_TTL_SECONDS', async () => {
    const short = await startEdge({ settings: { QUEUE_TOKEN_TTL_SECONDS: '1' } });
    try {
      const account = await logIn(short);
      const options = { token: account.accessToken, headers: { 'X-Queue-Token': account.queueToken } };
      expect((await short.call('GET', '/v1/queue/status', options)).status).toBe(200);
      const ended = await eventually(async () => {
        const reply = await short.call('GET', '/v1/queue/status', options);
        expect(reply.status).toBe(410);
        return reply;
      });
      expectProblem(ended, 410, 'queue-token-expired');
    } finally {
      await short.stop();
    }
  });
});

describe('when Redis is down', () => {
  let alone: Edge;
  beforeAll(async () => {
    alone = await startEdge();
  });
  afterAll(async () => alone.stop());

  it('users log in and get a token that works later; requests that need the queue get 503', async () => {
    const before = await logIn(alone);
    alone.dependencies.redis.disconnect();
    const { id, password } = before;
    const reply = await alone.call('POST', '/v1/auth/login', { body: { id, password } });
    expect(reply.status).toBe(200);
    expect(reply.body['queue']).toEqual({
      status: 'WAITING',
      position: null,
      etaSeconds: null,
      pollAfterSeconds: 5,
      expiresAt: null,
    });
    const token = String(reply.body['accessToken']);
    const headers = { 'X-Queue-Token': String(reply.body['queueToken']) };
    const down = await alone.call('GET', '/v1/queue/status', { token, headers });
    expectProblem(down, 503, 'temporarily-unavailable');
    expect(Number(down.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await alone.call('POST', '/v1/auth/logout', { token })).status).toBe(204);

    await alone.redis.redis.flushdb();
    await alone.dependencies.redis.connect();
    const back = await alone.call('GET', '/v1/queue/status', { token, headers });
    expect(back.body['queue']).toMatchObject({ status: 'ACTIVE' });
  });
});
