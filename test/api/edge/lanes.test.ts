import { randomUUID } from 'node:crypto';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { createSale } from '../../support/factories';
import {
  expectProblem,
  logIn,
  startEdge,
  type Account,
  type CallOptions,
  type Edge,
  type Reply,
} from '../edge';

let edge: Edge;
let account: Account;
let scheduleId: string;
beforeAll(async () => {
  edge = await startEdge({ settings: { RATE_LIMIT_FACTOR: '1' } });
  account = await logIn(edge);
  ({ scheduleId } = await createSale(edge.database.owner));
});
afterAll(async () => edge.stop());

/** A query keeps a request out of the lanes. No endpoint here reads a query. */
const aroundTheLanes = (path: string): string => `${path}?`;

/** Headers that differ from one response to the next. */
const OWN = new Set(['date', 'x-request-id', 'ratelimit']);

function comparable({ status, headers, text }: Reply) {
  const told = [...headers].filter(([name]) => !OWN.has(name));
  return { status, headers: Object.fromEntries(told), names: [...headers.keys()].toSorted(), text };
}

async function bothWays(path: string, options: CallOptions = {}): Promise<[Reply, Reply]> {
  const lane = await edge.call('GET', path, options);
  return [lane, await edge.call('GET', aroundTheLanes(path), options)];
}

/** The status of a GET with a body, which `fetch` does not send. */
async function statusOf(path: string, headers: OutgoingHttpHeaders, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    httpRequest(`${edge.url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end(body);
  });
}

const poll = (queueToken = account.queueToken): CallOptions => ({
  token: account.accessToken,
  headers: { 'X-Queue-Token': queueToken },
});

describe('a lane around the framework', () => {
  it('responds to a poll as the endpoint does', async () => {
    const [lane, endpoint] = await bothWays('/v1/queue/status', poll());
    expect(lane.body).toMatchObject({ queue: { status: 'ACTIVE' } });
    expect(comparable(lane)).toEqual(comparable(endpoint));
  });

  it('responds to a request for a seat map as the endpoint does, also if the map is unchanged', async () => {
    const path = `/v1/schedules/${scheduleId}/seats`;
    const [lane, endpoint] = await bothWays(path);
    expect(lane.status).toBe(200);
    expect(comparable(lane)).toEqual(comparable(endpoint));
    const headers = { 'If-None-Match': lane.headers.get('ETag') ?? '' };
    const [unchanged, unchangedThere] = await bothWays(path, { headers });
    expect(unchanged.status).toBe(304);
    expect(comparable(unchanged)).toEqual(comparable(unchangedThere));
  });

  it('leaves the rejection of a request to the endpoint', async () => {
    const other = await logIn(edge);
    const polled = async (options: CallOptions) => edge.call('GET', '/v1/queue/status', options);
    expectProblem(await polled({ ...poll(), token: undefined }), 401, 'unauthenticated');
    expectProblem(await polled(poll('x')), 401, 'invalid-queue-token');
    expectProblem(await polled(poll(other.queueToken)), 403, 'queue-token-mismatch');
    expectProblem(await edge.call('POST', '/v1/queue/status', poll()), 405, 'method-not-allowed');
    await edge.redis.redis.del('queue:{service}:active');
    expectProblem(await polled(poll()), 410, 'queue-token-expired');
    expectProblem(await edge.call('GET', `/v1/schedules/${randomUUID()}/seats`), 404, 'schedule-not-found');
  });

  it('leaves a request with an unexpected body to the endpoint', async () => {
    const { accessToken, queueToken } = account;
    const headers = { Authorization: `Bearer ${accessToken}`, 'X-Queue-Token': queueToken };
    const body = '{"surprise":1}';
    for (const [path, given] of [
      ['/v1/queue/status', headers],
      [`/v1/schedules/${scheduleId}/seats`, {}],
    ] as const) {
      const typed = { ...given, 'Content-Length': body.length };
      expect(await statusOf(path, { ...typed, 'Content-Type': 'application/json' }, body)).toBe(400);
      expect(await statusOf(path, { ...typed, 'Content-Type': 'text/plain' }, body)).toBe(415);
    }
  });

  it('counts its responses in the metrics of the endpoint and against the rate limits', async () => {
    const fresh = await logIn(edge);
    const options = { token: fresh.accessToken, headers: { 'X-Queue-Token': fresh.queueToken } };
    const replies = [
      await edge.call('GET', '/v1/queue/status', options),
      await edge.call('GET', aroundTheLanes('/v1/queue/status'), options),
      await edge.call('GET', '/v1/queue/status', options),
    ];
    expect(replies.map(({ headers }) => headers.get('RateLimit'))).toEqual([
      expect.stringContaining(';r=239;'),
      expect.stringContaining(';r=238;'),
      expect.stringContaining(';r=237;'),
    ]);
    const metrics = await edge.dependencies.metrics.registry.metrics();
    const count =
      /duration_seconds_count\{method="GET",route="\/v1\/queue\/status",status="200"\} (\d+)/.exec(metrics);
    expect(Number(count?.[1])).toBeGreaterThanOrEqual(5);
  });
});
