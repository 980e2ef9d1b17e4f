import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RATE_LIMITS } from '../../../src/domain/rateLimits';
import { createRateLimits } from '../../../src/redis/rateLimits';
import { createLogger } from '../../../src/config/logging';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { createSale } from '../../support/factories';
import { createTestRedis, type TestRedis } from '../../support/redis';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';

/** Makes every quota small: the 5 free tries for a password become 1, the 200 sign-ups of an address become 40. */
const FACTOR = 0.2;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ settings: { RATE_LIMIT_FACTOR: String(FACTOR) } });
});
afterAll(async () => edge.stop());

const logInAs = async (id: string, password: string) =>
  edge.call('POST', '/v1/auth/login', { body: { id, password } });

describe('a rate limit', () => {
  it('shows the limit and the remaining requests in each response', async () => {
    const { accessToken: token } = await logIn(edge);
    const first = await edge.call('POST', '/v1/queue/tokens', { token, body: {} });
    const second = await edge.call('POST', '/v1/queue/tokens', { token, body: {} });
    const quota = RATE_LIMITS['per-user'].quota * FACTOR;
    expect(first.headers.get('RateLimit-Policy')).toBe(`"per-user";q=${quota};w=60`);
    expect(first.headers.get('RateLimit')).toMatch(new RegExp(`^"per-user";r=${quota - 1};t=\\d+$`));
    expect(second.headers.get('RateLimit')).toMatch(new RegExp(`^"per-user";r=${quota - 2};t=\\d+$`));
  });

  it('responds with 429 above the limit, with the time to wait', async () => {
    const account = await logIn(edge);
    // If a minute ends during the calls, the limit forgets a part of them, but less than half.
    const calls = Array.from({ length: 2 * RATE_LIMITS['per-user'].quota * FACTOR + 1 }, async () =>
      edge.call('POST', '/v1/queue/tokens', { token: account.accessToken, body: {} }),
    );
    const refused = (await Promise.all(calls)).filter(({ status }) => status !== 201);
    expect(refused.length).toBeGreaterThan(0);
    const [reply] = refused;
    if (!reply) return;
    expectProblem(reply, 429, 'rate-limited');
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(reply.headers.get('RateLimit')).toMatch(/^"per-user";r=0;/);
  });

  it('does not count health checks, which machines poll', async () => {
    expect((await edge.call('GET', '/healthz')).headers.get('RateLimit')).toBeNull();
  });
});

describe('password guessing', () => {
  it('is rejected if many tries for one account arrive at once, and other accounts can log in', async () => {
    const { id } = await logIn(edge);
    const other = await logIn(edge);
    expectProblem(await logInAs(id, 'wrong password'), 401, 'invalid-credentials');

    const replies = await Promise.all([1, 2, 3].map(async () => logInAs(id, 'wrong password')));

    const refused = replies.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(2);
    for (const reply of refused) {
      expectProblem(reply, 429, 'rate-limited');
      expect(reply.body['policy']).toBe('login-account');
      expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
      // The limit of the address allows the request, so the header does not show that limit.
      expect(reply.headers.get('RateLimit')).toMatch(/^"login-account";r=0;t=\d+$/);
    }
    expect((await logInAs(other.id, other.password)).status).toBe(200);
  });

  it('delays the right password, but never makes the API reject it', async () => {
    const { id, password } = await logIn(edge);
    for (const guess of ['one guess', 'another guess']) {
      expectProblem(await logInAs(id, guess), 401, 'invalid-credentials');
    }
    expect((await logInAs(id, password)).status).toBe(200);
  });

  it('does not include logins with the right password: they cost nothing', async () => {
    const { id, password } = await logIn(edge);
    for (let round = 0; round < 5; round += 1) {
      expect((await logInAs(id, password)).status).toBe(200);
    }
  });
});

describe('requests that reach no endpoint', () => {
  const wrong = [
    ['no login', 'GET', '/v1/wallet', 401],
    ['an unknown path', 'GET', '/v1/nothing', 404],
    ['a wrong method', 'DELETE', '/v1/users', 405],
  ] as const;

  it.each(wrong)('count against the limit of the address: %s', async (_case, method, path, status) => {
    const reply = await edge.call(method, path);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('RateLimit')).toMatch(/^"per-address";r=\d+;/);
  });

  it('are rejected with 429 once there are too many', async () => {
    const strict = await startEdge({ settings: { RATE_LIMIT_FACTOR: '0.001' } });
    try {
      for (const [, method, path, status] of wrong)
        expect((await strict.call(method, path)).status).toBe(status);
      for (const [, method, path] of wrong) {
        const reply = await strict.call(method, path);
        expectProblem(reply, 429, 'rate-limited');
        expect(reply.headers.get('RateLimit')).toMatch(/^"per-address";r=0;/);
      }
    } finally {
      await strict.stop();
    }
  });
});

describe('a request that a lane passes to its endpoint', () => {
  it('is counted once', async () => {
    // The limit is two maps a minute.
    const strict = await startEdge({ beside: edge, settings: { RATE_LIMIT_FACTOR: '0.0003' } });
    try {
      await edge.redis.redis.flushdb();
      const path = `/v1/schedules/${randomUUID()}/seats`;
      expectProblem(await strict.call('GET', path), 404, 'schedule-not-found');
      expectProblem(await strict.call('GET', path), 404, 'schedule-not-found');
    } finally {
      await strict.stop();
    }
  });
});

describe('without Redis', () => {
  it('the process counts the limits itself', async () => {
    const redis = await createTestRedis();
    try {
      const limits = createRateLimits({ redis: redis.redis, attempt: bestEffort(redis), factor: 0.001 });
      redis.redis.disconnect();
      await sleep(0);
      expect(await limits.consume('per-user', 'someone')).toMatchObject({ allowed: true });
      expect(await limits.consume('per-user', 'someone')).toMatchObject({ allowed: false });
      expect(await limits.consume('per-user', 'other')).toMatchObject({ allowed: true });
    } finally {
      await redis.redis.connect();
      await redis.drop();
    }
  });
});

describe('a client that comes before its turn', () => {
  it('is rejected by the queue a few times, then by the cheaper limit, in every process', async () => {
    const { accessToken: token, userId } = await logIn(edge);
    const { scheduleId, queueToken } = await waitingFor(token);
    const tryToHold = async () =>
      edge.call('POST', '/v1/reservations', { token, body: { scheduleId, quantity: 1, queueToken } });
    const quota = RATE_LIMITS.waiting.quota * FACTOR;

    for (let turn = 0; turn < quota; turn += 1) expectProblem(await tryToHold(), 403, 'queue-not-admitted');
    const refused = await tryToHold();

    expectProblem(refused, 429, 'rate-limited');
    expect(refused.body['policy']).toBe('waiting');
    expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(20);
    const { redis } = edge;
    const other = createRateLimits({ redis: redis.redis, attempt: bestEffort(redis), factor: FACTOR });
    expect(await other.consume('admitted', userId)).toMatchObject({ name: 'waiting', allowed: false });
    // The limit does not cover reads.
    expect((await edge.call('GET', '/v1/wallet', { token })).status).toBe(200);
  });
});

describe('the client address', () => {
  it('is the address of the connection, whatever a header says', async () => {
    const [one, two] = [await leftFor(edge, '198.51.100.1'), await leftFor(edge, '198.51.100.2')];
    expect(two).toBe(one - 1);
  });

  it('is the address from the last of TRUSTED_PROXIES, not an earlier one that the client sent', async () => {
    const behind = await startEdge({ settings: { TRUSTED_PROXIES: '1' } });
    try {
      const first = await leftFor(behind, '198.51.100.1');
      expect(await leftFor(behind, '198.51.100.2')).toBe(first);
      expect(await leftFor(behind, '203.0.113.9, 198.51.100.1')).toBe(first - 1);
    } finally {
      await behind.stop();
    }
  });
});

describe('RATE_LIMIT_FACTOR 0', () => {
  it('switches every limit off', async () => {
    const free = await startEdge({ settings: { RATE_LIMIT_FACTOR: '0' } });
    try {
      const { accessToken: token } = await logIn(free);
      const reply = await free.call('POST', '/v1/queue/tokens', { token, body: {} });
      expect(reply.headers.get('RateLimit')).toBeNull();
    } finally {
      await free.stop();
    }
  });
});

function bestEffort({ redis }: TestRedis) {
  return createBestEffort(redis, createLogger('test', 'silent'));
}

/** The number of requests that remain for a client with this `X-Forwarded-For`. */
async function leftFor(service: Edge, address: string): Promise<number> {
  const reply = await service.call('GET', '/v1/concerts', { headers: { 'X-Forwarded-For': address } });
  return Number(/;r=(\d+);/.exec(reply.headers.get('RateLimit') ?? '')?.[1]);
}

/** A schedule whose waiting room admits no client for now, and a place in its line. */
async function waitingFor(token: string): Promise<{ scheduleId: string; queueToken: string }> {
  const { scheduleId } = await createSale(edge.database.owner);
  const waitingRoom = JSON.stringify({ admitPerSecond: 1, maxActive: 1 });
  await edge.database.owner('schedules').where({ id: scheduleId }).update({ waiting_room: waitingRoom });
  const { accessToken: ahead } = await logIn(edge);
  await edge.call('POST', '/v1/queue/tokens', { token: ahead, body: { scheduleId } });
  const entered = await edge.call('POST', '/v1/queue/tokens', { token, body: { scheduleId } });
  return { scheduleId, queueToken: String(entered.body['queueToken']) };
}
