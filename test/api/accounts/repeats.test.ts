import { randomUUID } from 'node:crypto';
import { expectProblem, logIn, startEdge, type Account, type CallOptions, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const PARALLEL = 20;
const password = 'correct horse';

/** A request with the same key each time that it is sent. */
function keyed(path: string, { headers, ...options }: CallOptions = {}) {
  const key = { 'Idempotency-Key': randomUUID(), ...headers };
  return async (other: CallOptions = {}) => edge.call('POST', path, { ...options, ...other, headers: key });
}

const refreshing = (refreshToken: string) => keyed('/v1/auth/refresh', { body: { refreshToken } });

const refresh = async (refreshToken: unknown) =>
  edge.call('POST', '/v1/auth/refresh', { body: { refreshToken } });

async function sessionsOf({ userId }: Account): Promise<string[]> {
  return edge.database.owner('refresh_families').where({ user_id: userId }).pluck<string[]>('id');
}

async function tokensOf(account: Account): Promise<{ spent: boolean }[]> {
  return edge.database
    .owner('refresh_tokens')
    .whereIn('family_id', await sessionsOf(account))
    .select<{ spent: boolean }[]>(edge.database.owner.raw('spent_at IS NOT NULL AS spent'));
}

/** All stored keys and responses, as text. */
async function keptAnswers(): Promise<string> {
  return JSON.stringify(await edge.database.owner('idempotency_keys').select());
}

describe('a sign-up with a key', () => {
  it('makes one account, with one wallet, for many requests at once', async () => {
    const send = keyed('/v1/users', { body: { id: 'once', password } });

    const replies = await Promise.all(Array.from({ length: PARALLEL }, async () => send()));

    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(replies[0]?.status).toBe(201);
    const users = await edge.database.owner('users').where({ login: 'once' }).pluck<string[]>('id');
    expect(users).toEqual([replies[0]?.body['userId']]);
    expect(await edge.database.owner('wallets').whereIn('user_id', users)).toHaveLength(1);
  });
});

describe('a login with a key', () => {
  it('opens one session for many requests at once, and its refresh token works', async () => {
    const account = await logIn(edge);
    const before = await sessionsOf(account);
    const send = keyed('/v1/auth/login', { body: { id: account.id, password } });

    const replies = await Promise.all(Array.from({ length: PARALLEL }, async () => send()));

    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await sessionsOf(account)).toHaveLength(before.length + 1);
    expect((await refresh(replies[0]?.body['refreshToken'])).status).toBe(200);
  });

  it('leaves no readable password or token in Postgres', async () => {
    const { id } = await logIn(edge);
    const { body } = await keyed('/v1/auth/login', { body: { id, password } })();

    const kept = await keptAnswers();
    for (const secret of [password, body['accessToken'], body['refreshToken'], body['queueToken']]) {
      expect(kept).not.toContain(String(secret));
    }
  });

  it('leaves the key free if it was rejected', async () => {
    const { id } = await logIn(edge);
    const send = keyed('/v1/auth/login');

    expectProblem(await send({ body: { id, password: 'not it at all' } }), 401, 'invalid-credentials');
    expect((await send({ body: { id, password } })).status).toBe(200);
    const other = await send({ body: { id, password: 'not it at all' } });
    expectProblem(other, 422, 'idempotency-key-reused');
  });
});

describe('a refresh with a key', () => {
  it('gives the same pair when it is repeated, and the pair still works', async () => {
    const account = await logIn(edge);
    const send = refreshing(account.refreshToken);

    const [first, again] = [await send(), await send()];

    expect(first.status).toBe(200);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('Cache-Control')).toBe('no-store');
    expect((await refresh(first.body['refreshToken'])).status).toBe(200);
  });

  it('spends the token once for many requests at once', async () => {
    const account = await logIn(edge);
    const send = refreshing(account.refreshToken);

    const replies = await Promise.all(Array.from({ length: PARALLEL }, async () => send()));

    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await tokensOf(account)).toHaveLength(2);
    expect((await tokensOf(account)).filter(({ spent }) => !spent)).toHaveLength(1);
    expect(await keptAnswers()).not.toContain(String(replies[0]?.body['refreshToken']));
  });

  it.each([
    ['without the key', (token: string) => refresh(token)],
    ['with another key', (token: string) => refreshing(token)()],
  ])('ends the session when the token is used again %s', async (_case, useAgain) => {
    const account = await logIn(edge);
    const first = await refreshing(account.refreshToken)();

    expectProblem(await useAgain(account.refreshToken), 401, 'invalid-refresh-token');

    expectProblem(await refresh(first.body['refreshToken']), 401, 'invalid-refresh-token');
  });
});

describe('a rejected request of a client that is not logged in', () => {
  it.each([
    ['a refresh', '/v1/auth/refresh', { refreshToken: 'nobody has this' }, 401, 'invalid-refresh-token'],
    ['a login', '/v1/auth/login', { id: 'nobody', password }, 401, 'invalid-credentials'],
    ['a sign-up', '/v1/users', { id: 'operator', password }, 409, 'id-taken'],
  ])('leaves no row, and its key stays free: %s', async (_case, path, body, status, slug) => {
    const key = randomUUID();
    const send = async (sent: object) =>
      edge.call('POST', path, { body: sent, headers: { 'Idempotency-Key': key } });

    expectProblem(await send(body), status, slug);

    expect(await edge.database.owner('idempotency_keys').where({ key })).toEqual([]);
    expect((await send(body)).status).toBe(status);
  });

  it('still has its effect: a second use of a token with a key ends the session', async () => {
    const account = await logIn(edge);
    const next = (await refresh(account.refreshToken)).body['refreshToken'];
    const send = refreshing(account.refreshToken);
    for (const reply of await Promise.all([send(), send(), send()])) {
      expectProblem(reply, 401, 'invalid-refresh-token');
    }
    expectProblem(await refresh(next), 401, 'invalid-refresh-token');
  });
});

describe('a logout with a key', () => {
  it('does not end a later place of the user when it is repeated', async () => {
    const { id, accessToken: token } = await logIn(edge);
    const send = keyed('/v1/auth/logout', { token });
    expect((await send()).status).toBe(204);
    const { body } = await edge.call('POST', '/v1/auth/login', { body: { id, password } });

    expect((await send()).status).toBe(204);

    const headers = { 'X-Queue-Token': String(body['queueToken']) };
    const place = await edge.call('GET', '/v1/queue/status', {
      token: String(body['accessToken']),
      headers,
    });
    expect(place.status).toBe(200);
  });

  it('ends each session that sends it, although the sessions of the user share the key', async () => {
    const { id, accessToken, refreshToken } = await logIn(edge);
    const { body: other } = await edge.call('POST', '/v1/auth/login', { body: { id, password } });
    const send = keyed('/v1/auth/logout');

    for (const token of [accessToken, String(other['accessToken'])]) {
      expect((await send({ token })).status).toBe(204);
    }

    for (const token of [refreshToken, other['refreshToken']]) {
      expectProblem(await refresh(token), 401, 'invalid-refresh-token');
    }
  });
});
