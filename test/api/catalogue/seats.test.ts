import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { seatMapSchema } from '../../../src/api/catalogue/schema';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { createSeatMapCache, type SeatMapCache } from '../../../src/redis/catalogue/seatMapCache';
import { eventually } from '../../support/eventually';
import { expectProblem, startEdge, type Edge } from '../edge';
import { addShowDirectly, allocate, anOperator, readSeatMap, type Operator } from './operator';

let edge: Edge;
let operator: Operator;
/** The cache as the worker has it. */
let worker: SeatMapCache;

beforeAll(async () => {
  edge = await startEdge();
  operator = await anOperator(edge);
  const { redis, logger } = edge.dependencies;
  worker = createSeatMapCache(redis, createBestEffort(redis, logger));
});
afterAll(async () => edge.stop());

const statusesOf = (map: { seats: { status: string }[] }) => map.seats.map((seat) => seat.status);

describe('GET /v1/schedules/{scheduleId}/seats', () => {
  it('returns every seat of the plan, in the order of the plan, as documented', async () => {
    const { scheduleId } = await operator.addShow(3);
    const { status, body } = await edge.call('GET', `/v1/schedules/${scheduleId}/seats`);
    expect(status).toBe(200);
    expect(seatMapSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      scheduleId,
      currency: 'KRW',
      bookingFee: 2_000,
      grades: [
        { grade: 'VIP', price: 100_000, color: '#70f' },
        { grade: 'R', price: 70_000, color: '#a00' },
      ],
      seats: [
        {
          zone: '1층',
          row: 'A',
          number: '1',
          grade: 'VIP',
          price: 100_000,
          status: 'AVAILABLE',
          x: 11,
          y: 22,
        },
        { zone: '1층', row: 'A', number: '2', grade: 'R', price: 70_000, status: 'AVAILABLE', x: 31, y: 22 },
        { zone: '1층', row: 'A', number: '3', grade: 'R', price: 70_000, status: 'AVAILABLE', x: 51, y: 22 },
      ],
    });
  });

  it('is 404 for an unknown schedule, and 400 for an invalid id', async () => {
    expectProblem(await edge.call('GET', `/v1/schedules/${randomUUID()}/seats`), 404, 'schedule-not-found');
    expectProblem(await edge.call('GET', '/v1/schedules/1/seats'), 400, 'validation-failed');
  });

  it('shows HELD, SOLD, BLOCKED and AVAILABLE directly after each change', async () => {
    const { scheduleId } = await operator.addShow(4);
    const { seats } = await readSeatMap(edge, scheduleId);
    const [held, sold, blocked] = seats.map((seat) => seat.seatId);
    if (!held || !sold || !blocked) throw new Error('too few seats');
    const { owner } = edge.database;

    const hold = await allocate(owner, scheduleId, held, 'HELD');
    await allocate(owner, scheduleId, sold, 'SOLD');
    await worker.bump(scheduleId);
    expect(statusesOf(await readSeatMap(edge, scheduleId))).toEqual([
      'HELD',
      'SOLD',
      'AVAILABLE',
      'AVAILABLE',
    ]);

    await operator.change(scheduleId, { blockSeatIds: [blocked] });
    expect(statusesOf(await readSeatMap(edge, scheduleId))).toEqual(['HELD', 'SOLD', 'BLOCKED', 'AVAILABLE']);

    await hold.release();
    await worker.bump(scheduleId);
    expect(statusesOf(await readSeatMap(edge, scheduleId))).toEqual([
      'AVAILABLE',
      'SOLD',
      'BLOCKED',
      'AVAILABLE',
    ]);
  });

  it('shows a sold seat within a second under a new version, even if no process announced it', async () => {
    const { scheduleId } = await operator.addShow(2);
    const before = await readSeatMap(edge, scheduleId);
    await allocate(edge.database.owner, scheduleId, before.seats[0]?.seatId ?? '', 'SOLD');
    const soldAt = Date.now();
    const after = await eventually(async () => {
      const map = await readSeatMap(edge, scheduleId);
      expect(statusesOf(map)).toEqual(['SOLD', 'AVAILABLE']);
      return map;
    });
    expect(Date.now() - soldAt).toBeLessThan(1_000);
    expect(after.version).toBeGreaterThan(before.version);
  });
});

describe('the ETag of a seat map', () => {
  it('contains version and encoding, and a client that has it gets 304 until a seat changes', async () => {
    const { scheduleId } = await operator.addShow(2);
    const path = `/v1/schedules/${scheduleId}/seats`;
    const { version, etag, seats } = await readSeatMap(edge, scheduleId);
    expect(etag).toMatch(new RegExp(`^"${version}-(br|gzip)"$`));
    for (const condition of [etag ?? '', `"other", W/${etag}`, '*']) {
      const { status, text } = await edge.call('GET', path, { headers: { 'If-None-Match': condition } });
      expect({ status, text }).toEqual({ status: 304, text: '' });
    }
    await allocate(edge.database.owner, scheduleId, seats[0]?.seatId ?? '', 'HELD');
    await worker.bump(scheduleId);
    const changed = await edge.call('GET', path, { headers: { 'If-None-Match': etag ?? '' } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('ETag')).not.toBe(etag);
  });

  it('differs by encoding, and a client that has any of them gets 304 with the same ETag', async () => {
    const { scheduleId } = await operator.addShow(2);
    const path = `/v1/schedules/${scheduleId}/seats`;
    const tags = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (encoding) => {
        const reply = await edge.call('GET', path, { headers: { 'Accept-Encoding': encoding } });
        expect(reply.headers.get('Content-Encoding') ?? 'identity').toBe(encoding);
        return reply.headers.get('ETag') ?? '';
      }),
    );
    expect(new Set(tags).size).toBe(3);
    for (const tag of tags) {
      const headers = { 'Accept-Encoding': 'gzip', 'If-None-Match': tag };
      const reply = await edge.call('GET', path, { headers });
      expect({ status: reply.status, etag: reply.headers.get('ETag') }).toEqual({ status: 304, etag: tag });
    }
  });

  it('stays while nothing changes, also after the time to live of the statuses', async () => {
    const { scheduleId } = await operator.addShow(2);
    const { etag } = await readSeatMap(edge, scheduleId);
    await edge.dependencies.redis.del(`{${scheduleId}}:seats:statuses`);
    expect((await readSeatMap(edge, scheduleId)).etag).toBe(etag);
  });
});

describe('a seat map that is read without a login', () => {
  it('gets the same response as with a login, although it goes around the framework', async () => {
    const { scheduleId } = await operator.addShow(2);
    const path = `/v1/schedules/${scheduleId}/seats`;
    const etag = String((await readSeatMap(edge, scheduleId)).etag);
    const unlike = new Set(['x-request-id', 'date']);
    for (const headers of [{}, { 'If-None-Match': etag }]) {
      const [without, withLogin] = await Promise.all(
        [undefined, operator.token].map(async (token) => {
          const reply = await edge.call('GET', path, { headers, token });
          const seen = [...reply.headers].filter(([name]) => !unlike.has(name));
          return { status: reply.status, text: reply.text, headers: Object.fromEntries(seen) };
        }),
      );
      expect(without).toEqual(withLogin);
    }
  });

  it('counts against the limit of its address, and has the id of its request', async () => {
    const limited = await startEdge({ beside: edge, settings: { RATE_LIMIT_FACTOR: '0.0005' } });
    const { scheduleId } = await operator.addShow(2);
    const path = `/v1/schedules/${scheduleId}/seats`;
    const headers = { 'X-Request-Id': 'mine' };
    const replies = [];
    for (let count = 0; count < 4; count += 1) replies.push(await limited.call('GET', path, { headers }));
    const [first, , , refused] = replies;
    expect(first?.status).toBe(200);
    expect(first?.headers.get('RateLimit')).toMatch(/^"seat-map";r=2;t=\d+$/);
    expect(first?.headers.get('X-Request-Id')).toBe('mine');
    if (refused) expectProblem(refused, 429, 'rate-limited');
    await limited.stop();
  });

  it('is counted in the metrics', async () => {
    const { scheduleId } = await operator.addShow(2);
    const count = async () => {
      const metrics = await edge.dependencies.metrics.registry.metrics();
      const line = /^holdfast_http_request_duration_seconds_count\{.*\/seats",status="200"\} (\d+)$/m;
      return Number(line.exec(metrics)?.[1] ?? 0);
    };
    const before = await count();
    await readSeatMap(edge, scheduleId);
    await eventually(async () => expect(await count()).toBe(before + 1));
  });
});

describe('caches of a seat map', () => {
  it('may be any cache, and a shared cache keeps it for a second', async () => {
    const { scheduleId } = await operator.addShow(2);
    const { headers } = await edge.call('GET', `/v1/schedules/${scheduleId}/seats`);
    expect(headers.get('Cache-Control')).toBe('public, max-age=0, s-maxage=1');
  });
});

describe('the body of a seat map', () => {
  const decoders = { br: brotliDecompressSync, gzip: gunzipSync, identity: (body: Buffer) => body };

  it.each(['br', 'gzip', 'identity'] as const)(
    'comes as %s for a client that accepts that',
    async (encoding) => {
      const { scheduleId } = await operator.addShow(50);
      const { headers, body } = await fetchRaw(`${edge.url}/v1/schedules/${scheduleId}/seats`, encoding);
      expect(headers['content-encoding']).toBe(encoding === 'identity' ? undefined : encoding);
      expect(headers['vary']).toContain('Accept-Encoding');
      expect(seatMapSchema.parse(JSON.parse(decoders[encoding](body).toString())).seats).toHaveLength(50);
    },
  );
});

describe('a seat map without Redis', () => {
  it('comes from Postgres quickly, and shows every change within a second', async () => {
    const other = await startEdge({ settings: { REDIS_URL: 'redis://127.0.0.1:1' } });
    const { scheduleId } = await addShowDirectly(other.dependencies.db, 2);
    const startedAt = Date.now();
    const before = await readSeatMap(other, scheduleId);
    expect(Date.now() - startedAt).toBeLessThan(500);
    await allocate(other.database.owner, scheduleId, before.seats[0]?.seatId ?? '', 'SOLD');
    const soldAt = Date.now();
    await eventually(async () => {
      const map = await readSeatMap(other, scheduleId);
      expect(statusesOf(map)).toEqual(['SOLD', 'AVAILABLE']);
      expect(map.version).toBeGreaterThan(before.version);
    });
    expect(Date.now() - soldAt).toBeLessThan(1_000);
    await other.stop();
  });
});

async function fetchRaw(url: string, encoding: string) {
  return new Promise<{ headers: Record<string, string | string[] | undefined>; body: Buffer }>(
    (resolve, reject) => {
      get(url, { headers: { 'Accept-Encoding': encoding } }, (response) => {
        buffer(response).then((body) => resolve({ headers: response.headers, body }), reject);
      }).on('error', reject);
    },
  );
}
