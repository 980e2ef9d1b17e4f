import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { ACCESS_TOKEN } from '../../../src/api/accounts/accessTokens';
import { createKeyRing, rotateSigningKey } from '../../../src/api/accounts/keyRing';
import { createTokens } from '../../../src/api/accounts/tokens';
import { createSigningKeyStore } from '../../../src/db/accounts/signingKeyStore';
import { createTestDatabase } from '../../support/database';
import { aString } from '../../support/matchers';
import { expectProblem, logIn, startEdge, type Account, type Edge } from '../edge';

let edge: Edge;
let account: Account;
beforeAll(async () => {
  edge = await startEdge();
  account = await logIn(edge);
});
afterAll(async () => edge.stop());

/** A call that belongs to a user. */
const use = async (token: string) => edge.call('POST', '/v1/queue/tokens', { token, body: {} });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface TokenChange {
  kid?: string;
  typ?: string;
  issuer?: string;
  audience?: string;
  expires?: string;
}

/** A token that is valid except for the change. */
function accessToken(change: TokenChange = {}): SignJWT {
  const { keys } = edge.dependencies;
  return new SignJWT({ role: 'USER', sid: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', kid: change.kid ?? keys.signer().kid, typ: change.typ ?? 'at+jwt' })
    .setSubject(account.userId)
    .setIssuer(change.issuer ?? 'holdfast')
    .setAudience(change.audience ?? 'holdfast-api')
    .setIssuedAt()
    .setExpirationTime(change.expires ?? '5m');
}

describe('an access token', () => {
  it('is accepted when it is valid', async () => {
    expect((await use(await accessToken().sign(edge.dependencies.keys.signer().key))).status).toBe(201);
  });

  it.each([
    ['another type', { typ: 'JWT' }],
    ['the type of a queue token', { typ: 'holdfast-queue+jwt' }],
    ['another issuer', { issuer: 'someone' }],
    ['another audience', { audience: 'something' }],
    ['an end in the past', { expires: '-1s' }],
  ])('is rejected with %s', async (_case, change) => {
    const token = await accessToken(change).sign(edge.dependencies.keys.signer().key);
    expectProblem(await use(token), 401, 'unauthenticated');
  });

  it('is rejected once it has expired, also if it was accepted before', async () => {
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'],
    });
    try {
      expect((await use(account.accessToken)).status).toBe(201);
      jest.setSystemTime(Date.now() + 15 * 60 * 1_000);
      expectProblem(await use(account.accessToken), 401, 'unauthenticated');
    } finally {
      jest.useRealTimers();
    }
  });

  it('is rejected if another key signed it under the name of a known key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expectProblem(await use(await accessToken().sign(privateKey)), 401, 'unauthenticated');
  });

  it('is rejected if an unknown key signed it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expectProblem(await use(await accessToken({ kid: 'mine' }).sign(privateKey)), 401, 'unauthenticated');
  });

  it('is rejected without a signature', async () => {
    const token = new UnsecuredJWT({ sub: account.userId, role: 'OPERATOR', sid: 'x' }).encode();
    expectProblem(await use(token), 401, 'unauthenticated');
  });

  it('is rejected if it is an HMAC with the public key as its secret', async () => {
    const { keys } = edge.dependencies;
    const [key] = keys.publicKeys();
    const header = { alg: 'HS256', kid: keys.signer().kid, typ: 'at+jwt' };
    const claims = { sub: account.userId, role: 'OPERATOR', sid: 'x', iss: 'holdfast', aud: 'holdfast-api' };
    const content = `${encode(header)}.${encode({ ...claims, iat: 1, exp: 9_999_999_999 })}`;
    const signature = createHmac('sha256', String(key?.['x'])).update(content).digest('base64url');
    expectProblem(await use(`${content}.${signature}`), 401, 'unauthenticated');
  });

  it('is rejected with a changed role', async () => {
    const [header, payload, signature] = account.accessToken.split('.');
    const claims: unknown = JSON.parse(Buffer.from(String(payload), 'base64url').toString());
    const raised = encode(Object.assign({}, claims, { role: 'OPERATOR' }));
    expectProblem(await use(`${header}.${raised}.${signature}`), 401, 'unauthenticated');
  });

  it('is not a queue token, and the other way round', async () => {
    expectProblem(await use(account.queueToken), 401, 'unauthenticated');
    const headers = { 'X-Queue-Token': account.accessToken };
    const reply = await edge.call('GET', '/v1/queue/status', { token: account.accessToken, headers });
    expectProblem(reply, 401, 'invalid-queue-token');
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'Bearer a.b.c'])(
    'is rejected as the header "%s"',
    async (authorization) => {
      const headers = { Authorization: authorization };
      const reply = await edge.call('POST', '/v1/queue/tokens', { headers, body: {} });
      expectProblem(reply, 401, 'unauthenticated');
      expect(reply.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
    },
  );
});

describe('the public keys', () => {
  it('verify the access token and the queue token', async () => {
    const keys = createRemoteJWKSet(new URL(`${edge.url}/.well-known/jwks.json`));
    const access = await jwtVerify(account.accessToken, keys, { typ: 'at+jwt' });
    expect(access.payload).toMatchObject({ sub: account.userId, role: 'USER' });
    const queue = await jwtVerify(account.queueToken, keys, { typ: 'holdfast-queue+jwt' });
    expect(queue.payload).toMatchObject({ sub: account.userId, room: 'service' });
  });

  it('have only public parts: one key is for sessions and one for tickets', async () => {
    const { body } = await edge.call('GET', '/.well-known/jwks.json');
    const key = { kty: 'OKP', crv: 'Ed25519', x: aString, kid: aString, use: 'sig', alg: 'EdDSA' };
    expect(body['keys']).toEqual([key, key]);
  });
});

describe('signing keys', () => {
  it('are a single key when many processes start at once', async () => {
    const database = await createTestDatabase();
    try {
      const store = createSigningKeyStore(database.db, 'session');
      const rings = await Promise.all(Array.from({ length: 6 }, async () => createKeyRing(store)));
      expect(new Set(rings.map((ring) => ring.signer().kid)).size).toBe(1);
    } finally {
      await database.drop();
    }
  });

  it('rotate: the new key signs, the old key still verifies, and other processes get the new key', async () => {
    const database = await createTestDatabase();
    try {
      const store = createSigningKeyStore(database.db, 'session');
      const [ours, others] = [await createKeyRing(store), await createKeyRing(store)];
      const claims = { sub: randomUUID(), role: 'USER' as const, sid: randomUUID() };
      const before = await createTokens(ours).sign(ACCESS_TOKEN, claims);
      const kid = await rotateSigningKey(store);
      await ours.reload();
      const after = await createTokens(ours).sign(ACCESS_TOKEN, claims);
      expect(decodeProtectedHeader(after).kid).toBe(kid);

      const soon = Date.now() + 10_000;
      jest.spyOn(Date, 'now').mockImplementation(() => soon);
      const theirs = createTokens(others);
      expect(await theirs.verify(ACCESS_TOKEN, after)).toMatchObject({ outcome: 'valid', claims });
      expect(await theirs.verify(ACCESS_TOKEN, before)).toMatchObject({ outcome: 'valid', claims });
      expect(others.publicKeys().map((key) => key.kid)).toHaveLength(2);
    } finally {
      jest.restoreAllMocks();
      await database.drop();
    }
  });

  it('are deleted when the last token that they signed has expired', async () => {
    const database = await createTestDatabase();
    try {
      const store = createSigningKeyStore(database.db, 'session');
      const ring = await createKeyRing(store);
      const first = ring.signer().kid;
      await rotateSigningKey(store);
      await database
        .owner('signing_keys')
        .where({ kid: first })
        .update({ retired_at: new Date(Date.now() - 25 * 3_600_000) });
      await ring.reload();
      expect(await ring.verifier(first)).toBeNull();
      await rotateSigningKey(store);
      expect(await database.owner('signing_keys').where({ kid: first })).toEqual([]);
    } finally {
      await database.drop();
    }
  });

  it('are not read again for each token with an unknown key name', async () => {
    const store = createSigningKeyStore(edge.database.db, 'session');
    const list = jest.fn(async () => store.list());
    const ring = await createKeyRing({ ...store, list });
    list.mockClear();
    await Promise.all(Array.from({ length: 50 }, async (_, index) => ring.verifier(`unknown-${index}`)));
    expect(list.mock.calls.length).toBeLessThanOrEqual(1);
  });
});
