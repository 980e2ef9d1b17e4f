import { randomUUID } from 'node:crypto';
import { expectProblem, logIn, logInOperator, startEdge, type Account, type Edge, type Reply } from '../edge';

let edge: Edge;
let beside: Edge;
let operator: string;
beforeAll(async () => {
  edge = await startEdge();
  beside = await startEdge({ beside: edge });
  operator = await logInOperator(edge);
});
afterAll(async () => {
  await beside?.stop();
  await edge?.stop();
});

const password = 'correct horse';
const newPassword = 'battery staple, no horse';

const logInAgain = async ({ id }: Account, withPassword = password): Promise<Reply> =>
  edge.call('POST', '/v1/auth/login', { body: { id, password: withPassword } });
const refresh = async (refreshToken: unknown): Promise<Reply> =>
  edge.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
const changePassword = async (token: string, body: object, headers: Record<string, string> = {}) =>
  edge.call('POST', '/v1/users/me/password', { token, body, headers });
const change = async (id: string, body: object, token = operator): Promise<Reply> =>
  edge.call('PATCH', `/v1/admin/accounts/${encodeURIComponent(id)}`, { token, body });

/** Does what every process does at least three times a minute. */
const aMinuteLater = async (): Promise<void> => {
  await Promise.all([edge, beside].map(async ({ dependencies }) => dependencies.blockedSessions.reload()));
};

/** Whether an access token works. Every process must agree. */
async function works(token: unknown): Promise<boolean> {
  const replies = await Promise.all(
    [edge, beside].map(async (process) => process.call('GET', '/v1/wallet', { token: String(token) })),
  );
  const statuses = new Set(replies.map(({ status }) => status));
  expect(statuses.size).toBe(1);
  return statuses.has(200);
}

async function aStaffer(role: 'STAFF' | 'OPERATOR') {
  const id = `staff-${randomUUID()}`;
  await edge.call('POST', '/v1/admin/staff', { token: operator, body: { id, password, role } });
  const { body } = await edge.call('POST', '/v1/auth/login', { body: { id, password } });
  return { id, token: String(body['accessToken']), refreshToken: body['refreshToken'] };
}

describe('changing the password', () => {
  it('accepts the new password and rejects the old one', async () => {
    const account = await logIn(edge);
    const reply = await changePassword(account.accessToken, { currentPassword: password, newPassword });
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 204, text: '' });
    expectProblem(await logInAgain(account), 401, 'invalid-credentials');
    expect((await logInAgain(account, newPassword)).status).toBe(200);
  });

  it('ends every other session within a minute, and keeps this one', async () => {
    const account = await logIn(edge);
    const { body: other } = await logInAgain(account);

    await changePassword(account.accessToken, { currentPassword: password, newPassword });

    expectProblem(await refresh(other['refreshToken']), 401, 'invalid-refresh-token');
    await aMinuteLater();
    expect(await works(other['accessToken'])).toBe(false);
    expect(await works(account.accessToken)).toBe(true);
    expect((await refresh(account.refreshToken)).status).toBe(200);
  });

  it('needs the current password', async () => {
    const account = await logIn(edge);
    const wrong = { currentPassword: 'not it at all', newPassword };
    expectProblem(await changePassword(account.accessToken, wrong), 401, 'invalid-credentials');
    expect((await logInAgain(account)).status).toBe(200);
  });

  it.each([
    ['short', 'short'],
    ['common', 'password1'],
    ['the current one', password],
    ['with a lone surrogate', 'battery staple \u{D800}'],
  ])('rejects a new password: %s', async (_case, refused) => {
    const account = await logIn(edge);
    const reply = await changePassword(account.accessToken, {
      currentPassword: password,
      newPassword: refused,
    });
    expectProblem(reply, 400, 'validation-failed');
    expect(JSON.stringify(reply.body['errors'])).toContain('"path":"newPassword"');
  });

  it('rejects the id with some digits after it', async () => {
    const account = await logIn(edge);
    const wanted = { currentPassword: password, newPassword: `${account.id}00` };
    expectProblem(await changePassword(account.accessToken, wanted), 400, 'validation-failed');
  });

  it('has one effect and one response for many requests with one key', async () => {
    const account = await logIn(edge);
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { currentPassword: password, newPassword };
    const send = async () => changePassword(account.accessToken, body, headers);
    const replies = await Promise.all(Array.from({ length: 8 }, send));
    replies.push(await send());
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([204]));
  });

  it('lets one of two changes at once win', async () => {
    const account = await logIn(edge);
    const replies = await Promise.all(
      ['the first of the two', 'the second of the two'].map(async (wanted) =>
        changePassword(account.accessToken, { currentPassword: password, newPassword: wanted }),
      ),
    );
    expect(replies.map(({ status }) => String(status)).toSorted()).toEqual(['204', '401']);
  });
});

describe('a login that began before the password was changed', () => {
  it('opens no session after it', async () => {
    const { id, accessToken, userId } = await logIn(edge);
    const { accounts, sessionsIn, stores } = edge.dependencies;
    const user = await accounts.authenticate(id, password);
    await changePassword(accessToken, { currentPassword: password, newPassword });

    await expect(sessionsIn(stores).open(user)).rejects.toMatchObject({ slug: 'invalid-credentials' });
    const open = await edge.database.owner('refresh_families').where({ user_id: userId, revoked_at: null });
    expect(open).toHaveLength(1);
  });

  it('gets the role that the account has when its session opens', async () => {
    const { id } = await aStaffer('OPERATOR');
    const { accounts, sessionsIn, stores } = edge.dependencies;
    const user = await accounts.authenticate(id, password);
    await change(id, { role: 'USER' });

    const { accessToken } = await sessionsIn(stores).open(user);

    const body = { title: 'A', artist: 'B' };
    const reply = await edge.call('POST', '/v1/admin/concerts', { token: accessToken, body });
    expectProblem(reply, 403, 'forbidden');
  });
});

describe('logging out everywhere', () => {
  it('ends every session, and frees the place in the queue', async () => {
    const account = await logIn(edge);
    const { body: other } = await logInAgain(account);
    const someone = await logIn(edge);

    const reply = await edge.call('POST', '/v1/auth/logout-all', { token: account.accessToken });

    expect({ status: reply.status, text: reply.text }).toEqual({ status: 204, text: '' });
    for (const token of [account.refreshToken, other['refreshToken']]) {
      expectProblem(await refresh(token), 401, 'invalid-refresh-token');
    }
    await aMinuteLater();
    expect(await works(other['accessToken'])).toBe(false);
    expect(await works(someone.accessToken)).toBe(true);
    expect((await logInAgain(account)).status).toBe(200);
  });
});

describe('a disabled account', () => {
  it('loses its sessions within a minute, and cannot log in or refresh until it is enabled', async () => {
    const account = await logIn(edge);

    const reply = await change(account.userId, { disabled: true });

    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      userId: account.userId,
      id: account.id,
      name: null,
      role: 'USER',
      disabled: true,
    });
    expectProblem(await refresh(account.refreshToken), 401, 'invalid-refresh-token');
    expectProblem(await logInAgain(account), 403, 'account-disabled');
    expectProblem(await logInAgain(account, 'not it at all'), 401, 'invalid-credentials');
    await aMinuteLater();
    expect(await works(account.accessToken)).toBe(false);

    expect((await change(account.userId, { disabled: false })).body).toMatchObject({ disabled: false });
    const { status, body } = await logInAgain(account);
    expect(status).toBe(200);
    expect(await works(body['accessToken'])).toBe(true);
  });

  it('opens no session for a login that began before it was disabled', async () => {
    const { id, userId } = await logIn(edge);
    const { accounts, sessionsIn, stores } = edge.dependencies;
    const user = await accounts.authenticate(id, password);
    await change(userId, { disabled: true });
    await expect(sessionsIn(stores).open(user)).rejects.toMatchObject({ slug: 'invalid-credentials' });
  });

  it('is also found by the id with which its owner logs in', async () => {
    const account = await logIn(edge);
    expect((await change(account.id.toUpperCase(), { disabled: true })).body).toMatchObject({
      userId: account.userId,
      disabled: true,
    });
  });
});

describe('an account with a new role', () => {
  it('loses its old rights within a minute if the role is lower', async () => {
    const { id, token } = await aStaffer('OPERATOR');
    const concert = async (accessToken: string) =>
      edge.call('POST', '/v1/admin/concerts', { token: accessToken, body: { title: 'A', artist: 'B' } });
    expect((await concert(token)).status).toBe(201);

    expect((await change(id, { role: 'STAFF' })).body).toMatchObject({ role: 'STAFF', disabled: false });

    await aMinuteLater();
    expectProblem(await concert(token), 401, 'unauthenticated');
    const { body } = await edge.call('POST', '/v1/auth/login', { body: { id, password } });
    expectProblem(await concert(String(body['accessToken'])), 403, 'forbidden');
  });

  it('keeps its sessions if the role is not lower', async () => {
    const { id, token, refreshToken } = await aStaffer('STAFF');
    await change(id, { role: 'OPERATOR' });
    await aMinuteLater();
    expect(await works(token)).toBe(true);
    const { body } = await refresh(refreshToken);
    const reply = await change((await logIn(edge)).userId, { disabled: true }, String(body['accessToken']));
    expect(reply.status).toBe(200);
  });
});

describe('changing accounts', () => {
  it('is only for operators, and not for their own account', async () => {
    const account = await logIn(edge);
    const staff = await aStaffer('STAFF');
    for (const token of [account.accessToken, staff.token]) {
      expectProblem(await change(account.userId, { disabled: true }, token), 403, 'forbidden');
    }
    for (const body of [{ disabled: true }, { role: 'USER' }]) {
      expectProblem(await change('operator', body), 403, 'forbidden');
    }
  });

  it('needs an account and a change', async () => {
    expectProblem(await change(randomUUID(), { disabled: true }), 404, 'account-not-found');
    expectProblem(await change((await logIn(edge)).userId, {}), 400, 'validation-failed');
  });
});

describe('the account of the operator', () => {
  it('is enabled, has the role OPERATOR and has no old sessions after a start with another password', async () => {
    const own = await startEdge();
    try {
      const token = await logInOperator(own);
      const row = own.database.owner('users').where({ login: 'operator' });
      await row.clone().update({ role: 'USER', disabled_at: new Date() });

      await own.dependencies.accounts.ensureOperator('another password of it');

      expect(await row.clone().first('role', 'disabled_at')).toEqual({ role: 'OPERATOR', disabled_at: null });
      await own.dependencies.blockedSessions.reload();
      expectProblem(await own.call('GET', '/v1/wallet', { token }), 401, 'unauthenticated');
    } finally {
      await own.stop();
    }
  });
});

describe('an id that looks like the id of another account', () => {
  it('is rejected as taken if that account is the operator or has the role OPERATOR', async () => {
    const boss = `boss-${randomUUID().slice(0, 8)}`;
    const staff = { id: boss, password, role: 'OPERATOR' };
    expect((await edge.call('POST', '/v1/admin/staff', { token: operator, body: staff })).status).toBe(201);
    for (const id of ['оperator', 'ｏｐｅｒａｔｏｒ', '0perator', boss.replace('o', 'о')]) {
      const reply = await edge.call('POST', '/v1/users', { body: { id, password } });
      expectProblem(reply, 409, 'id-taken');
    }
  });

  it('is allowed if that account is a user', async () => {
    const id = `tomo-${randomUUID().slice(0, 8)}`;
    for (const one of [id, id.replace('o', 'о')]) {
      expect((await edge.call('POST', '/v1/users', { body: { id: one, password } })).status).toBe(201);
    }
  });
});

describe('a common password', () => {
  it.each([
    ['/v1/users', {}],
    ['/v1/admin/staff', { role: 'STAFF' }],
  ])('is rejected by POST %s', async (path, more) => {
    for (const common of ['password1', 'zzzzzzzzzz', 'my-own-name-12']) {
      const body = { id: 'my-own-name', password: common, ...more };
      const reply = await edge.call('POST', path, { token: operator, body });
      expectProblem(reply, 400, 'validation-failed');
      expect(JSON.stringify(reply.body['errors'])).toContain('"path":"password"');
    }
  });
});
