import { request as rawRequest } from 'node:http';
import { connect } from 'node:net';
import { z } from 'zod';
import { endpoint } from '../../../src/api/http/endpoint';
import { PROBLEMS } from '../../../src/api/problems/table';
import { Problem } from '../../../src/domain/problems';
import { aString } from '../../support/matchers';
import { expectProblem, parse, startEdge, type Edge } from '../edge';

const SECRET = 'SELECT secret FROM users';

/** An endpoint that fails in a way in which the endpoints of the service never fail. */
const raising = (path: string, error: () => unknown) =>
  endpoint({
    method: 'GET',
    path,
    summary: 'Fails',
    tags: ['Test'],
    access: 'public',
    query: z.object({ token: z.string().optional() }),
    responses: { 200: { description: 'Never', schema: z.object({}) } },
    handle: async () => Promise.reject(error()),
  });

const withCode = (code: string) => Object.assign(new Error(`${code} ${SECRET}`), { code });

const fields = endpoint({
  method: 'POST',
  path: '/test/fields/{number}',
  summary: 'Takes fields',
  tags: ['Test'],
  access: 'public',
  bodyLimit: 5_000,
  effect: 'once',
  params: z.object({ number: z.coerce.number().int() }),
  query: z.object({ limit: z.coerce.number().int().max(200).optional() }),
  body: z.strictObject({ name: z.string(), seats: z.array(z.uuid()).optional() }),
  responses: { 200: { description: 'Took', schema: z.object({ name: z.string() }) } },
  handle: async ({ body, once }) =>
    once(async () => Promise.resolve({ status: 200 as const, body: { name: body.name } })),
});

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    extra: [
      fields,
      raising('/test/crash', () => new Error(SECRET)),
      raising('/test/not-an-error', () => SECRET),
      raising('/test/refused', () => withCode('ECONNREFUSED')),
      raising('/test/wrapped', () => new Error('outer', { cause: withCode('57P01') })),
      raising('/test/problem', () => new Problem('seat-unavailable', 'Gone.', { unavailableSeatIds: ['s'] })),
      raising('/test/members', () => Problem.again('forbidden', 'No.', { status: 200, type: 'other' })),
      raising('/test/later', () => new Problem('rate-limited', 'Later.', { retryAfter: 7 })),
    ],
  });
});
afterAll(async () => edge.stop());

const post = async (body: unknown, path = '/test/fields/1', headers: Record<string, string> = {}) =>
  edge.call('POST', path, { body, headers });

/** Sends raw bytes, for requests that no HTTP client sends. Returns the status line and headers, and the body. */
async function sendBytes(bytes: string): Promise<{ head: string; body: Record<string, unknown> }> {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.end(bytes);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  const [head = '', body = '{}'] = text.split('\r\n\r\n');
  return { head, body: parse(body) };
}

describe('a problem', () => {
  it('has the members of RFC 9457 and members of its own', async () => {
    const reply = await edge.call('GET', '/test/problem?token=hidden');
    expectProblem(reply, 409, 'seat-unavailable');
    expect(reply.body).toEqual({
      type: '/problems/seat-unavailable',
      title: aString,
      status: 409,
      detail: 'Gone.',
      instance: '/test/problem',
      unavailableSeatIds: ['s'],
    });
  });

  it('does not let its own members replace the standard ones', async () => {
    expectProblem(await edge.call('GET', '/test/members'), 403, 'forbidden');
  });

  it('says when to try again', async () => {
    expect((await edge.call('GET', '/test/later')).headers.get('Retry-After')).toBe('7');
  });

  it.each(Object.keys(PROBLEMS))('has a page: %s', async (slug) => {
    const reply = await edge.call('GET', `/problems/${slug}`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(reply.text).toContain('What to do');
  });

  it('has no page if its name is unknown', async () => {
    expectProblem(await edge.call('GET', '/problems/constructor'), 404, 'not-found');
  });
});

describe('every failure gets a problem as its response', () => {
  it.each([
    ['an unknown path', 'GET', '/v1/nothing'],
    ['a path that is badly encoded', 'GET', '/v1/%E0%A4%A'],
    ['a path of another case', 'GET', '/V1/USERS/x'],
    ['a path with a line break', 'GET', '/v1/a%0d%0ab'],
  ])('%s: 404', async (_case, method, path) => {
    expectProblem(await edge.call(method, path), 404, 'not-found');
  });

  it.each(['GET', 'DELETE', 'PROPFIND'])('the wrong method %s: 405 with Allow', async (method) => {
    const reply = await edge.call(method, '/v1/users');
    expectProblem(reply, 405, 'method-not-allowed');
    expect(reply.headers.get('Allow')).toBe('POST, OPTIONS');
  });

  it('a parameter that is badly encoded: 400', async () => {
    expectProblem(await post({ name: 'x' }, '/test/fields/%E0%A4%A'), 400, 'validation-failed');
  });

  it.each([
    ['cut short', '{"name":'],
    ['not an object', '"name"'],
    ['an object with __proto__', '{"name":"x","__proto__":{"a":1}}'],
  ])('JSON that is %s: 400', async (_case, body) => {
    expectProblem(await post(body), 400, 'malformed-json');
  });

  it('a body that is too large: 413', async () => {
    expectProblem(await post({ name: 'x'.repeat(5_000) }), 413, 'body-too-large');
  });

  it('a body that is too large by its Content-Length and never arrives: 413', async () => {
    const head = 'POST /test/fields/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const { head: answer, body } = await sendBytes(
      `${head}Content-Length: 99999\r\nConnection: close\r\n\r\n{`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(body).toMatchObject({ type: '/problems/body-too-large' });
  });

  it.each([
    ['another type', { 'Content-Type': 'text/plain' }],
    ['an unknown encoding', { 'Content-Type': 'application/json', 'Content-Encoding': 'zip' }],
  ])('a body of %s: 415', async (_case, headers) => {
    expectProblem(await post('{"name":"x"}', '/test/fields/1', headers), 415, 'unsupported-media-type');
  });

  it.each(['/test/crash', '/test/not-an-error'])(
    'a crash: 500 without internal details (%s)',
    async (path) => {
      const reply = await edge.call('GET', path);
      expectProblem(reply, 500, 'internal-error');
      expect(reply.text).not.toMatch(/SELECT|stack|\.ts|\.js/);
    },
  );

  it.each(['/test/refused', '/test/wrapped'])('a dependency that is down: 503 (%s)', async (path) => {
    const reply = await edge.call('GET', path);
    expectProblem(reply, 503, 'temporarily-unavailable');
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(reply.text).not.toContain('SELECT');
  });

  it('bytes that are not HTTP: 400', async () => {
    const { head, body } = await sendBytes('NONSENSE\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*X-Request-Id: /);
    expect(body).toMatchObject({ type: '/problems/malformed-request', status: 400 });
  });

  it('NUL in a header: 400', async () => {
    const { head, body } = await sendBytes('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Queue-Token: a\0b\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 400 /);
    expect(body).toMatchObject({ type: '/problems/malformed-request' });
  });

  it('headers that are too large: 431', async () => {
    const { head, body } = await sendBytes(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1.1 431 /);
    expect(body).toMatchObject({ type: '/problems/headers-too-large' });
  });

  it('CONNECT: 405', async () => {
    const { head, body } = await sendBytes('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 405 /);
    expect(body).toMatchObject({ type: '/problems/method-not-allowed' });
  });
});

describe('validation', () => {
  it('lists every error in all parts of a request', async () => {
    const headers = { 'Idempotency-Key': 'ü' };
    const body = { seats: ['x', 'y'], nmae: 'x' };
    const reply = await post(body, '/test/fields/one?limit=999', headers);
    expectProblem(reply, 400, 'validation-failed');
    const errors = z.array(z.object({ path: z.string(), message: z.string() })).parse(reply.body['errors']);
    expect(errors.map(({ path }) => path).toSorted()).toEqual(
      ['Idempotency-Key', 'limit', 'name', 'nmae', 'number', 'seats.0', 'seats.1'].toSorted(),
    );
  });

  it.each(['', 'x'.repeat(256)])('rejects an invalid idempotency key', async (key) => {
    expectProblem(await post({ name: 'x' }, undefined, { 'Idempotency-Key': key }), 400, 'validation-failed');
  });

  it('rejects unknown query parameters', async () => {
    const reply = await post({ name: 'x' }, '/test/fields/1?utm_source=mail');
    expectProblem(reply, 400, 'validation-failed');
    expect(reply.body['errors']).toEqual([{ path: 'utm_source', message: 'Unknown parameter' }]);
  });

  it('lists at most 100 texts that cannot be stored', async () => {
    const reply = await post(JSON.stringify({ seats: Array.from({ length: 250 }, () => '\0') }));
    const errors = z.array(z.object({ message: z.string() })).parse(reply.body['errors']);
    expect(errors.filter(({ message }) => message.includes('NUL'))).toHaveLength(100);
  });

  it('rejects a parameter that occurs twice', async () => {
    expectProblem(await post({ name: 'x' }, '/test/fields/1?limit=1&limit=2'), 400, 'validation-failed');
  });
});

describe('every response', () => {
  it('has the id of the request if that id is valid', async () => {
    const headers = { 'X-Request-Id': 'trace:42.a_b-c' };
    expect((await edge.call('GET', '/healthz', { headers })).headers.get('X-Request-Id')).toBe(
      'trace:42.a_b-c',
    );
    expect((await edge.call('GET', '/nothing', { headers })).headers.get('X-Request-Id')).toBe(
      'trace:42.a_b-c',
    );
  });

  it.each(['', 'a b', '<script>', 'x'.repeat(129)])(
    'has a new id if the id of the request is invalid: "%s"',
    async (given) => {
      const { headers } = await edge.call('GET', '/healthz', { headers: { 'X-Request-Id': given } });
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('has the headers that forbid browsers to guess the content type and to show the page in a frame', async () => {
    const { headers } = await edge.call('GET', '/healthz');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(headers.get('X-Powered-By')).toBeNull();
  });

  it('to OPTIONS lists the methods', async () => {
    const reply = await edge.call('OPTIONS', '/v1/users');
    expect({ status: reply.status, allow: reply.headers.get('Allow') }).toEqual({
      status: 204,
      allow: 'POST, OPTIONS',
    });
  });

  it('to HEAD has the headers of the response to GET, and no body', async () => {
    const reply = await edge.call('HEAD', '/healthz');
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text: '' });
    expect(reply.headers.get('Content-Type')).toBe('application/json');
  });

  it('is sent also if the client sends an unknown Expect header', async () => {
    const status = await new Promise((resolve, reject) => {
      rawRequest(`${edge.url}/healthz`, { headers: { Expect: 'wonders' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});
