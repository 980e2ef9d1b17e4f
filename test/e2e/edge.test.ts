import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { expectHold } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

describe('Every error is a problem document', () => {
  it.each([
    ['an unknown path', 'GET', '/v1/nothing-here', undefined, 404, 'not-found'],
    ['a path outside the API', 'GET', '/nothing', undefined, 404, 'not-found'],
    ['malformed JSON', 'POST', '/v1/auth/login', '{"id": ', 400, 'malformed-json'],
    [
      'a body that is too large',
      'POST',
      '/v1/auth/login',
      `{"id": "${'x'.repeat(200_000)}"}`,
      413,
      'body-too-large',
    ],
  ])('%s', async (_, method, path, body, status, slug) => {
    const reply = await service.client.call(method, path, body === undefined ? {} : { body });

    expectProblem(reply, status, slug);
  });

  it('a wrong method, with the allowed methods', async () => {
    const reply = await service.client.call('DELETE', '/v1/concerts');

    expectProblem(reply, 405, 'method-not-allowed');
    expect(reply.headers.get('Allow')).toContain('GET');
  });

  it('another media type', async () => {
    const reply = await service.client.call('POST', '/v1/auth/login', {
      body: 'id=mina',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });

    expectProblem(reply, 415, 'unsupported-media-type');
  });
});

describe('The type of a problem', () => {
  it('is the address of a page, for every problem in the API document', async () => {
    const document = await service.client.call('GET', '/openapi.json');
    const slugs = new Set([...document.text.matchAll(/`([a-z]+(?:-[a-z]+)+)`: /g)].map((match) => match[1]));
    expect(slugs.size).toBeGreaterThan(20);

    for (const slug of slugs) {
      const page = await service.client.call('GET', `/problems/${slug}`);
      expectStatus(page, 200);
      expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
      expect(page.text.length).toBeGreaterThan(200);
    }
    expectProblem(await service.client.call('GET', '/problems/no-such-thing'), 404, 'not-found');
  });
});

describe('X-Request-Id', () => {
  it('is taken from the request if it is valid there, and is new otherwise', async () => {
    const sane = await service.client.call('GET', '/healthz', { headers: { 'X-Request-Id': 'req-42' } });
    const mad = await service.client.call('GET', '/healthz', {
      headers: { 'X-Request-Id': 'x'.repeat(2_000) },
    });

    expect(sane.headers.get('X-Request-Id')).toBe('req-42');
    expect(mad.headers.get('X-Request-Id')).toMatch(/^[\w.:-]{1,200}$/);
  });
});

describe('The OpenAPI document', () => {
  it('has every path of the contract: its four flows, tickets, wallet and the calls of operators', () => {
    const { paths } = service.client.openApi;

    expect(paths).toMatchObject({
      '/v1/users': ['post'],
      '/v1/auth/login': ['post'],
      '/v1/auth/refresh': ['post'],
      '/v1/auth/logout': ['post'],
      '/.well-known/jwks.json': ['get'],
      '/v1/queue/tokens': ['post'],
      '/v1/queue/status': ['get'],
      '/v1/queue/events': ['get'],
      '/v1/concerts': ['get'],
      '/v1/concerts/{concertId}': ['get'],
      '/v1/concerts/{concertId}/schedules': ['get'],
      '/v1/schedules/{scheduleId}/seats': ['get'],
      '/v1/payments': ['post'],
      '/v1/payments/{paymentId}': ['get'],
      '/v1/tickets/{ticketId}': ['get'],
      '/v1/tickets/{ticketId}/qr.svg': ['get'],
      '/v1/tickets/{ticketId}/ticket.pdf': ['get'],
      '/v1/tickets/{ticketId}/reissue': ['post'],
      '/v1/check-ins': ['post'],
      '/v1/wallet': ['get'],
      '/v1/wallet/entries': ['get'],
      '/v1/wallet/top-ups': ['post'],
      '/v1/admin/staff': ['post'],
      '/v1/admin/venues': ['post'],
      '/v1/admin/concerts': ['post'],
      '/v1/admin/concerts/{concertId}/schedules': ['post'],
      '/v1/admin/schedules/{scheduleId}': ['patch'],
      '/v1/admin/reservations/{reservationId}': ['get'],
      '/healthz': ['get'],
      '/readyz': ['get'],
    });
    expect(paths['/v1/reservations']?.toSorted()).toEqual(['get', 'post']);
    expect(paths['/v1/reservations/{reservationId}']?.toSorted()).toEqual(['delete', 'get']);
  });

  it('is shown as a page at /docs', async () => {
    const page = await fetch(`${service.stack.apiUrl}/docs`);

    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
  });
});

describe('Prometheus metrics', () => {
  it('are on their own port, never on the public one', async () => {
    expectProblem(await service.client.call('GET', '/metrics'), 404, 'not-found');
    expect(await (await fetch(service.stack.metricsUrl)).text()).toContain('holdfast_http_request_duration');
  });
});

describe('Readiness', () => {
  it('lists each part', async () => {
    const reply = await service.client.call('GET', '/readyz');

    expectStatus(reply, 200);
    expect(reply.body).toMatchObject({
      parts: { postgres: { status: 'ok' }, redis: { status: 'ok' }, temporal: { status: 'ok' } },
    });
  });
});

describe('A rate limit', () => {
  beforeAll(async () => service.stack.api.restart({ RATE_LIMIT_FACTOR: '0.2' }), START_MS);
  afterAll(async () => service.stack.api.restart({ RATE_LIMIT_FACTOR: '0' }), START_MS);

  it('responds to password guessing with 429, Retry-After and the name of the limit in RateLimit', async () => {
    const { id } = await service.client.join();
    const guess = () => service.client.call('POST', '/v1/auth/login', { body: { id, password: 'a guess' } });
    const replies = await Promise.all(Array.from({ length: 6 }, guess));

    const reply = replies.find(({ status }) => status === 429);
    if (!reply) throw new Error('no request was rejected');
    expectProblem(reply, 429, 'rate-limited');
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(reply.headers.get('RateLimit')).toMatch(/^"login-account";r=0;t=\d+$/);
    expectAnswer(reply, 429, contract.problem);
  });

  it('responds with 429 to a user who tries many cards, and counts top-ups and payments together', async () => {
    const [user, { seatIds }] = await Promise.all([service.buyer(), service.openSale()]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
    const paymentKey = 'sandbox:decline';
    for (const send of [
      async () => user.topUp(1_000, { paymentKey }),
      async () => user.pay(reservationId, { points: 0, paymentKey }),
    ]) {
      expectProblem(await send(), 500, 'payment-failed');
      expectProblem(await send(), 500, 'payment-failed');
    }

    const refused = await user.topUp(1_000, { paymentKey: 'sandbox:approve' });

    expectProblem(refused, 429, 'rate-limited', { policy: 'failed-cards' });
    expect(refused.headers.get('RateLimit-Policy')).toMatch(/^"failed-cards";q=\d+;w=\d+$/);
    expect(refused.headers.get('RateLimit')).toMatch(/^"failed-cards";r=0;t=\d+$/);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expectProblem(await user.pay(reservationId, { points: 0 }), 429, 'rate-limited');
    expect(await user.balance()).toBe(0);
  });
});
