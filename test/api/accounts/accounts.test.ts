import { randomUUID } from 'node:crypto';
import { aNumber, aString, textLike } from '../../support/matchers';
import { expectProblem, logIn, logInOperator, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const signUp = async (body: unknown) => edge.call('POST', '/v1/users', { body });
const refresh = async (refreshToken: string) =>
  edge.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
const password = 'correct horse';

describe('signing up', () => {
  it('responds with 201 and the account, and gives the account a wallet', async () => {
    const reply = await signUp({ id: 'Mina.Kim@example.kr', password, name: '김미나' });
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({ userId: aString, id: 'mina.kim@example.kr', name: '김미나' });
    const wallets = await edge.database.owner('wallets').where({ user_id: reply.body['userId'] });
    expect(wallets).toEqual([expect.objectContaining({ balance: 0, currency: 'KRW' })]);
  });

  it('rejects an id that is taken, whatever its case', async () => {
    await signUp({ id: 'taken', password });
    expectProblem(await signUp({ id: 'TaKeN', password }), 409, 'id-taken');
  });

  it('gives an id to one of many requests, and leaves no partial account', async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, async () => signUp({ id: 'wanted', password })),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(7);
  });

  it('rejects the id of the operator', async () => {
    expectProblem(await signUp({ id: 'Operator', password }), 409, 'id-taken');
  });

  it.each([
    "sean.o'brien@example.com",
    'a&b@example.com',
    '_leading@example.com',
    'สมหญิง99',
    'हिन्दी123',
    'İrem1999',
    '(53 x)@example.com',
  ])('accepts letters and marks of any script and every e-mail address: %s', async (id) => {
    expect((await signUp({ id, password })).status).toBe(201);
    expect((await edge.call('POST', '/v1/auth/login', { body: { id, password } })).status).toBe(200);
  });

  it.each([
    ['if it is decomposed', 'Zoë.김', 'zoë.김'.normalize('NFD')],
    ['if its case is folded', 'Straße9', 'STRASSE9'],
    ['if it has another sigma', 'ΟΔΟΣ', 'οδοσ'],
  ])('treats an id as the same %s', async (_case, id, same) => {
    expect((await signUp({ id, password })).status).toBe(201);
    expectProblem(await signUp({ id: same, password }), 409, 'id-taken');
    const reply = await edge.call('POST', '/v1/auth/login', { body: { id: same, password } });
    expect(reply.status).toBe(200);
  });

  it.each(['id', 'password', 'name'])(
    'rejects NUL and lone surrogates in %s, and reports its path',
    async (field) => {
      for (const text of ['text with \0', 'text with \u{D800}']) {
        const reply = await signUp({ id: 'no-text', password, [field]: text });
        expectProblem(reply, 400, 'validation-failed');
        expect(reply.body['errors']).toContainEqual({ path: field, message: textLike(/NUL/) });
      }
    },
  );

  it('lists every error at once', async () => {
    const reply = await signUp({ id: 'a b', password: 'short', nickname: 'x' });
    expectProblem(reply, 400, 'validation-failed');
    expect(reply.body['errors']).toEqual(
      expect.arrayContaining([
        { path: 'id', message: aString },
        { path: 'password', message: aString },
        { path: 'nickname', message: 'Unknown field' },
      ]),
    );
  });

  it('stores passwords as argon2id with the costs that OWASP recommends', async () => {
    const { body } = await signUp({ id: 'hashed', password });
    const row: unknown = await edge.database
      .owner('users')
      .where({ id: body['userId'] })
      .first('password_hash');
    expect(row).toEqual({ password_hash: textLike(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/) });
  });
});

describe('logging in', () => {
  it('responds with every token and the place in the queue', async () => {
    const { id } = await logIn(edge);
    const reply = await edge.call('POST', '/v1/auth/login', { body: { id: id.toUpperCase(), password } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('Cache-Control')).toBe('no-store');
    expect(reply.body).toEqual({
      accessToken: aString,
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: aString,
      queueToken: aString,
      queue: {
        status: 'ACTIVE',
        position: 0,
        etaSeconds: 0,
        pollAfterSeconds: aNumber,
        expiresAt: textLike(/Z$/),
      },
    });
  });

  it('gives the same response for an unknown id and a wrong password', async () => {
    const { id } = await logIn(edge);
    const wrong = await edge.call('POST', '/v1/auth/login', { body: { id, password: 'not it at all' } });
    const unknown = await edge.call('POST', '/v1/auth/login', { body: { id: randomUUID(), password } });
    expectProblem(wrong, 401, 'invalid-credentials');
    expect(unknown.body).toEqual(wrong.body);
  });

  it.each([
    ['NUL in the id', { id: 'A\0B', password }],
    ['half of a surrogate pair in the id', { id: 'A\u{D800}B', password }],
    ['NUL in the password', { id: 'anybody', password: 'x\0' }],
  ])('responds to %s as to a wrong password', async (_case, body) => {
    const reply = await edge.call('POST', '/v1/auth/login', { body });
    expectProblem(reply, 401, 'invalid-credentials');
    expect(reply.body['detail']).toBe('The id or the password is wrong.');
  });

  it('does not treat half of a surrogate pair in a password as another character', async () => {
    await signUp({ id: 'replaced', password: 'the sign \u{FFFD} at the end' });
    const body = { id: 'replaced', password: 'the sign \u{D800} at the end' };
    expectProblem(await edge.call('POST', '/v1/auth/login', { body }), 401, 'invalid-credentials');
  });

  it('takes as long for an unknown id as for a wrong password', async () => {
    const { accounts } = edge.dependencies;
    const { id } = await logIn(edge);
    const time = async (login: string) => {
      const start = process.hrtime.bigint();
      await accounts.authenticate(login, 'not it at all').catch(() => undefined);
      return Number(process.hrtime.bigint() - start);
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      // One at a time: parallel calls would measure each other.
      known.push(await time(id));
      unknown.push(await time(randomUUID()));
    }
    // Without its hash, the response for an unknown id would take a twentieth of the time. A busy machine changes less.
    expect(Math.min(...unknown) / Math.min(...known)).toBeGreaterThan(0.2);
    expect(Math.min(...known) / Math.min(...unknown)).toBeGreaterThan(0.2);
  });
});

describe('refreshing', () => {
  it('returns a new pair, which works', async () => {
    const { refreshToken } = await logIn(edge);
    const reply = await refresh(refreshToken);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      accessToken: aString,
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: aString,
    });
    expect(reply.body['refreshToken']).not.toBe(refreshToken);
    const token = String(reply.body['accessToken']);
    expect((await edge.call('POST', '/v1/queue/tokens', { token, body: {} })).status).toBe(201);
  });

  it('revokes the whole family when a token is used twice', async () => {
    const { refreshToken } = await logIn(edge);
    const second = String((await refresh(refreshToken)).body['refreshToken']);
    expectProblem(await refresh(refreshToken), 401, 'invalid-refresh-token');
    expectProblem(await refresh(second), 401, 'invalid-refresh-token');
  });

  it('does not affect the other sessions of the account when it revokes one', async () => {
    const account = await logIn(edge);
    const { id } = account;
    const other = await edge.call('POST', '/v1/auth/login', { body: { id, password } });
    await refresh(account.refreshToken);
    await refresh(account.refreshToken);
    expect((await refresh(String(other.body['refreshToken']))).status).toBe(200);
  });

  it('accepts one of many parallel uses', async () => {
    const { refreshToken } = await logIn(edge);
    const replies = await Promise.all(Array.from({ length: 10 }, async () => refresh(refreshToken)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(9);
  });

  it.each([
    ['unknown', 'nonsense'],
    ['empty', ''],
  ])('rejects an %s token', async (_case, token) => {
    expectProblem(await refresh(token), 401, 'invalid-refresh-token');
  });

  it('rejects an expired token', async () => {
    const { userId, refreshToken } = await logIn(edge);
    await edge.database
      .owner('refresh_tokens')
      .whereIn('family_id', edge.database.owner('refresh_families').where({ user_id: userId }).select('id'))
      .update({ expires_at: new Date(Date.now() - 1) });
    expectProblem(await refresh(refreshToken), 401, 'invalid-refresh-token');
  });

  it('stores digests of the tokens, never the tokens', async () => {
    const { refreshToken } = await logIn(edge);
    const rows = await edge.database
      .owner('refresh_tokens')
      .select(edge.database.owner.raw('digest::text AS digest'));
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(refreshToken).toString('hex'));
  });

  it('gives the role that the account has now', async () => {
    const { userId, refreshToken } = await logIn(edge);
    await edge.database.owner('users').where({ id: userId }).update({ role: 'OPERATOR' });
    const token = String((await refresh(refreshToken)).body['accessToken']);
    const body = { id: 'gatekeeper', password, role: 'STAFF' };
    expect((await edge.call('POST', '/v1/admin/staff', { token, body })).status).toBe(201);
  });
});

describe('logging out', () => {
  it('responds with 204, revokes the session and frees the place in the queue', async () => {
    const { accessToken, refreshToken, queueToken } = await logIn(edge);
    const reply = await edge.call('POST', '/v1/auth/logout', { token: accessToken });
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 204, text: '' });
    const refreshed = await edge.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expectProblem(refreshed, 401, 'invalid-refresh-token');
    const headers = { 'X-Queue-Token': queueToken };
    const status = await edge.call('GET', '/v1/queue/status', { token: accessToken, headers });
    expectProblem(status, 410, 'queue-token-expired');
  });

  it('needs an access token', async () => {
    expectProblem(await edge.call('POST', '/v1/auth/logout'), 401, 'unauthenticated');
  });
});

describe('accounts for staff', () => {
  const body = { id: 'usher', password, role: 'STAFF' };

  it('are created by an operator', async () => {
    const token = await logInOperator(edge);
    const reply = await edge.call('POST', '/v1/admin/staff', { token, body });
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({ userId: aString, id: 'usher', role: 'STAFF' });
    expectProblem(await edge.call('POST', '/v1/admin/staff', { token, body }), 409, 'id-taken');
  });

  it('cannot be created by anyone else, including staff', async () => {
    const { accessToken } = await logIn(edge);
    expectProblem(await edge.call('POST', '/v1/admin/staff', { token: accessToken, body }), 403, 'forbidden');
    const usher = await edge.call('POST', '/v1/auth/login', { body: { id: 'usher', password } });
    const token = String(usher.body['accessToken']);
    expectProblem(await edge.call('POST', '/v1/admin/staff', { token, body }), 403, 'forbidden');
    expectProblem(await edge.call('POST', '/v1/admin/staff', { body }), 401, 'unauthenticated');
  });

  it('cannot have the role USER', async () => {
    const token = await logInOperator(edge);
    const reply = await edge.call('POST', '/v1/admin/staff', { token, body: { ...body, role: 'USER' } });
    expectProblem(reply, 400, 'validation-failed');
  });
});

describe('the account of the operator', () => {
  it('rejects a password in the settings that a sign-up would reject', async () => {
    const starting = edge.dependencies.accounts.ensureOperator('passwordpassword');
    await expect(starting).rejects.toThrow('OPERATOR_PASSWORD is set to a bad value');
  });

  it('uses the password in the settings, also if it changes later', async () => {
    const { accounts } = edge.dependencies;
    await accounts.ensureOperator('first-password');
    await Promise.all([
      accounts.ensureOperator('second-password'),
      accounts.ensureOperator('second-password'),
    ]);
    await expect(accounts.authenticate('operator', 'first-password')).rejects.toThrow('wrong');
    await expect(accounts.authenticate('operator', 'second-password')).resolves.toMatchObject({
      role: 'OPERATOR',
    });
  });
});

describe('the demo account', () => {
  it('exists after any number of starts', async () => {
    const { accounts } = edge.dependencies;
    await Promise.all([accounts.ensureDemoUser(), accounts.ensureDemoUser()]);
    await expect(accounts.authenticate('demo', 'demo-password')).resolves.toMatchObject({ role: 'USER' });
  });
});
