import { createSale } from '../../support/factories';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';

const SHOP = 'https://shop.example.com';
const EXPOSED = ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'];

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    settings: { CORS_ORIGINS: `${SHOP}, http://localhost:5173`, RATE_LIMIT_FACTOR: '1' },
  });
});
afterAll(async () => edge.stop());

const from = (origin: string, headers: Record<string, string> = {}) => ({
  headers: { Origin: origin, ...headers },
});

const exposedBy = ({ headers }: { headers: Headers }) =>
  headers.get('Access-Control-Expose-Headers')?.split(',').toSorted();

describe('a page of an origin that CORS_ORIGINS names', () => {
  it.each([SHOP, 'http://localhost:5173'])(
    'may read responses and the headers that it needs: %s',
    async (origin) => {
      const reply = await edge.call('GET', '/v1/concerts', from(origin));
      expect(reply.status).toBe(200);
      expect(reply.headers.get('Access-Control-Allow-Origin')).toBe(origin);
      expect(reply.headers.get('Vary')).toContain('Origin');
      expect(exposedBy(reply)).toEqual(EXPOSED.toSorted());
      expect(reply.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    },
  );

  it('may read problems', async () => {
    const reply = await edge.call('GET', '/v1/wallet', from(SHOP));
    expectProblem(reply, 401, 'unauthenticated');
    expect(reply.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(exposedBy(reply)).toContain('Retry-After');
  });

  it('may read the responses of lanes, and caches keep them apart by origin and encoding', async () => {
    const { scheduleId } = await createSale(edge.database.owner);
    const { accessToken: token, queueToken } = await logIn(edge);
    const map = await edge.call('GET', `/v1/schedules/${scheduleId}/seats`, from(SHOP));
    const poll = await edge.call('GET', '/v1/queue/status', {
      token,
      ...from(SHOP, { 'X-Queue-Token': queueToken }),
    });
    for (const reply of [map, poll]) {
      expect(reply.status).toBe(200);
      expect(reply.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    }
    expect(map.headers.get('Vary')).toBe('Origin, Accept-Encoding');
    // The same request outside the lane: a login keeps it out.
    const around = await edge.call('GET', `/v1/schedules/${scheduleId}/seats`, { token, ...from(SHOP) });
    expect(around.headers.get('Vary')).toBe('Origin, Accept-Encoding');
  });

  it('may send the methods and headers of the API: a preflight allows them, before any rate limit', async () => {
    const reply = await edge.call(
      'OPTIONS',
      '/v1/reservations',
      from(SHOP, {
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key,x-queue-token',
      }),
    );
    expect(reply.status).toBe(204);
    expect(reply.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(reply.headers.get('Access-Control-Allow-Methods')).toContain('DELETE');
    const allowed = reply.headers.get('Access-Control-Allow-Headers')?.toLowerCase().split(',');
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'x-queue-token']),
    );
    expect(reply.headers.get('Access-Control-Max-Age')).toBe('7200');
    expect(reply.headers.get('X-Request-Id')).toMatch(/\S/);
    expect(reply.headers.get('RateLimit')).toBeNull();
  });
});

describe('a page of another origin', () => {
  it.each([
    'https://evil.example',
    `${SHOP}.evil.example`,
    `${SHOP}:8443`,
    'http://shop.example.com',
    'null',
  ])('may read nothing: %s', async (origin) => {
    const reply = await edge.call('GET', '/v1/concerts', from(origin));
    expect(reply.headers.get('Access-Control-Allow-Origin')).toBeNull();
    const preflight = await edge.call(
      'OPTIONS',
      '/v1/reservations',
      from(origin, { 'Access-Control-Request-Method': 'POST' }),
    );
    expect(preflight.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });
});

describe('an OPTIONS request that is not a preflight', () => {
  it('lists the methods, as without CORS', async () => {
    const reply = await edge.call('OPTIONS', '/v1/users');
    expect({ status: reply.status, allow: reply.headers.get('Allow') }).toEqual({
      status: 204,
      allow: 'POST, OPTIONS',
    });
  });
});

describe('without CORS_ORIGINS', () => {
  it('no page of another origin may read anything', async () => {
    const closed = await startEdge({ beside: edge });
    try {
      const reply = await closed.call('GET', '/v1/concerts', from(SHOP));
      expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    } finally {
      await closed.stop();
    }
  });
});
