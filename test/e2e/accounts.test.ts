import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const newAccount = () => ({ id: `fan-${randomUUID()}`, password: 'correct horse battery' });

const refresh = (refreshToken: string) =>
  service.client.call('POST', '/v1/auth/refresh', { body: { refreshToken } });

describe('POST /v1/users', () => {
  it('creates an account', async () => {
    const { id, password } = newAccount();
    const reply = await service.client.call('POST', '/v1/users', { body: { id, password, name: '민아' } });

    expect(expectAnswer(reply, 201, contract.account)).toMatchObject({ id, name: '민아' });
  });

  it('rejects an id that is taken with 409 id-taken', async () => {
    const body = newAccount();
    await service.client.call('POST', '/v1/users', { body });

    expectProblem(await service.client.call('POST', '/v1/users', { body }), 409, 'id-taken');
  });

  it('lists every error in the body at once with 400', async () => {
    const reply = await service.client.call('POST', '/v1/users', {
      body: { id: '', password: 'x', more: 1 },
    });

    expectProblem(reply, 400, 'validation-failed');
    const { errors } = expectAnswer(reply, 400, contract.validationProblem);
    expect(errors.map((error) => error.path)).toEqual(expect.arrayContaining(['id', 'password']));
  });
});

describe('POST /v1/auth/login', () => {
  it('responds with the tokens and an admitted place in the queue', async () => {
    const { id, password } = newAccount();
    await service.client.call('POST', '/v1/users', { body: { id, password } });

    const reply = await service.client.call('POST', '/v1/auth/login', { body: { id, password } });

    const { queue } = expectAnswer(reply, 200, contract.login);
    expect(queue).toMatchObject({ status: 'ACTIVE', position: 0, etaSeconds: 0 });
    expect(Date.parse(queue.expiresAt ?? '')).toBeGreaterThan(Date.now());
    expect(reply.headers.get('Cache-Control')).toBe('no-store');
  });

  it('gives a wrong password and an unknown id the same 401', async () => {
    const { id, password } = await service.client.join();
    const wrong = await service.client.call('POST', '/v1/auth/login', {
      body: { id, password: 'wrong one' },
    });
    const unknown = await service.client.call('POST', '/v1/auth/login', {
      body: { id: 'nobody-here', password },
    });

    expectProblem(wrong, 401, 'invalid-credentials');
    expect(wrong.body).toEqual(unknown.body);
  });
});

describe('POST /v1/auth/refresh', () => {
  it('responds with a new pair that works', async () => {
    const { refreshToken } = await service.client.join();
    const pair = expectAnswer(await refresh(refreshToken), 200, contract.tokenPair);

    expect(pair.refreshToken).not.toBe(refreshToken);
    const wallet = await service.client.call('GET', '/v1/wallet', {
      headers: { Authorization: `Bearer ${pair.accessToken}` },
    });
    expectStatus(wallet, 200);
  });

  it('revokes the whole family when a spent token is used again', async () => {
    const { refreshToken } = await service.client.join();
    const { refreshToken: next } = expectAnswer(await refresh(refreshToken), 200, contract.tokenPair);

    expectProblem(await refresh(refreshToken), 401, 'invalid-refresh-token');
    expectProblem(await refresh(next), 401, 'invalid-refresh-token');
  });

  it('rejects a token that it never issued', async () => {
    expectProblem(await refresh('made-up'), 401, 'invalid-refresh-token');
  });
});

describe('POST /v1/auth/logout', () => {
  it('revokes the refresh family and responds with 204 without a body', async () => {
    const user = await service.client.join();
    const reply = await user.call('POST', '/v1/auth/logout');

    expectStatus(reply, 204);
    expect(reply.text).toBe('');
    expectProblem(await refresh(user.refreshToken), 401, 'invalid-refresh-token');
  });

  it('needs an access token', async () => {
    const reply = await service.client.call('POST', '/v1/auth/logout');

    expectProblem(reply, 401, 'unauthenticated');
    expect(reply.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
  });
});

describe('GET /.well-known/jwks.json', () => {
  it('has the keys that verify access and queue tokens, and no private part', async () => {
    const { accessToken, queueToken, userId } = await service.client.join();
    const keySet = createRemoteJWKSet(new URL('/.well-known/jwks.json', service.stack.apiUrl));

    for (const token of [accessToken, queueToken]) {
      const { payload, protectedHeader } = await jwtVerify(token, keySet);
      expect(payload.sub).toBe(userId);
      expect(protectedHeader.alg).toBe('EdDSA');
    }
    const { keys } = expectAnswer(
      await service.client.call('GET', '/.well-known/jwks.json'),
      200,
      contract.jwks,
    );
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain('d');
  });

  it('does not verify a token that was changed', async () => {
    const { accessToken } = await service.client.join();
    const [header, , signature] = accessToken.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: randomUUID(), role: 'OPERATOR' })).toString('base64url');

    const reply = await service.client.call('GET', '/v1/wallet', {
      headers: { Authorization: `Bearer ${header}.${claims}.${signature}` },
    });
    expectProblem(reply, 401, 'unauthenticated');
  });
});

describe('POST /v1/admin/staff', () => {
  it.each(['STAFF', 'OPERATOR'] as const)('creates an account with the role %s', async (role) => {
    const body = { ...newAccount(), role };
    const reply = await service.operator.post('/v1/admin/staff', body);

    expect(expectAnswer(reply, 201, contract.staff)).toMatchObject({ id: body.id, role });
    const user = await service.client.logIn(body.id, body.password);
    const asked = await user.post('/v1/admin/concerts', { title: 'T', artist: 'A' });
    expectStatus(asked, role === 'OPERATOR' ? 201 : 403);
  });

  it('is only for operators: anyone else gets 403 forbidden', async () => {
    const user = await service.client.join();

    expectProblem(await user.post('/v1/admin/staff', { ...newAccount(), role: 'STAFF' }), 403, 'forbidden');
  });

  it('rejects an id that is taken, and an unknown role', async () => {
    const { id } = await service.client.join();
    const { password } = newAccount();

    const taken = await service.operator.post('/v1/admin/staff', { id, password, role: 'STAFF' });
    expectProblem(taken, 409, 'id-taken');
    const wrong = await service.operator.post('/v1/admin/staff', { ...newAccount(), role: 'KING' });
    expectProblem(wrong, 400, 'validation-failed');
  });
});
