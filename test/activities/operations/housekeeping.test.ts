import { createHash, randomUUID } from 'node:crypto';
import { createHousekeepingActivities } from '../../../src/activities/operations/housekeeping';
import { createIdempotencyStore } from '../../../src/db/idempotencyStore';
import { createRefreshTokenStore } from '../../../src/db/accounts/refreshTokenStore';
import { createUser } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';

let fixture: Fixture;
let activities: ReturnType<typeof createHousekeepingActivities>;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createHousekeepingActivities(fixture.dependencies);
});

afterEach(async () => fixture.database.owner('idempotency_keys').delete());

afterAll(async () => fixture?.drop());

const LIMIT = 100;
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const BODY_HASH = digestOf('body');

const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);

async function aKeyUsed(hours: number, answer: object | null = { status: 201, body: {} }) {
  const scope = { userId: randomUUID(), route: 'POST /v1/payments', key: randomUUID() };
  await fixture.database.owner('idempotency_keys').insert({
    user_id: scope.userId,
    route: scope.route,
    key: scope.key,
    body_hash: BODY_HASH,
    answer: JSON.stringify(answer),
    used_at: hoursAgo(hours),
  });
  return scope;
}

async function keysLeft(): Promise<string[]> {
  return fixture.database.owner('idempotency_keys').pluck<string[]>('key');
}

/** A session whose first token expired the given number of hours ago. */
async function aSession(hours: number) {
  const session = { sessionId: randomUUID(), userId: await createUser(fixture.database.owner) };
  const token = randomUUID();
  const store = createRefreshTokenStore(fixture.database.db);
  await store.open(
    { ...session, passwordHash: 'none' },
    { digest: digestOf(token), expiresAt: hoursAgo(hours) },
  );
  return { ...session, store, token };
}

async function sessionsLeft(): Promise<string[]> {
  return fixture.database.owner('refresh_families').pluck<string[]>('id');
}

describe('an idempotency key', () => {
  it('is kept for the 24 hours in which clients may repeat a request, and is removed after 48', async () => {
    const kept = [await aKeyUsed(25), await aKeyUsed(47)];
    await aKeyUsed(49);

    expect(await activities.removeOld('idempotency keys', LIMIT)).toBe(1);

    expect((await keysLeft()).toSorted()).toEqual(kept.map(({ key }) => key).toSorted());
  });

  it('is also removed if its request never got a response', async () => {
    await aKeyUsed(49, null);

    expect(await activities.removeOld('idempotency keys', LIMIT)).toBe(1);
  });

  it('is kept if a client has sent it again, while that request runs and afterwards', async () => {
    const scope = await aKeyUsed(49, null);
    const store = createIdempotencyStore(fixture.database.db);

    await fixture.database.db.transaction(async (transaction) => {
      await createIdempotencyStore(transaction).take(scope, BODY_HASH);
      expect(await activities.removeOld('idempotency keys', LIMIT)).toBe(0);
    });
    expect(await activities.removeOld('idempotency keys', LIMIT)).toBe(0);

    await store.record(scope, BODY_HASH, { status: 200, body: {} });
    expect(await keysLeft()).toEqual([scope.key]);
  });

  it('is removed in batches, the oldest first and each once, however many workers remove at the same time', async () => {
    const keys = await Promise.all([52, 51, 50, 49].map(async (hours) => aKeyUsed(hours)));

    expect(await activities.removeOld('idempotency keys', 1)).toBe(1);
    expect(await keysLeft()).not.toContain(keys[0]?.key);
    const counts = await Promise.all(
      Array.from({ length: 4 }, async () => activities.removeOld('idempotency keys', LIMIT)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });
});

describe('a refresh token', () => {
  it('is removed when it has expired, and its session with the last token', async () => {
    const [over, lives] = [await aSession(1), await aSession(-2)];

    expect(await activities.removeOld('refresh tokens', LIMIT)).toBe(1);

    expect(await sessionsLeft()).toEqual([lives.sessionId]);
    expect(await sessionsLeft()).not.toContain(over.sessionId);
  });

  it('is removed without its session if the session has a newer token', async () => {
    const { sessionId, store, token } = await aSession(-1);
    const next = { digest: digestOf(randomUUID()), expiresAt: hoursAgo(-30) };
    expect(await store.rotate(digestOf(token), next)).toMatchObject({ sessionId });
    await fixture.database
      .owner('refresh_tokens')
      .where({ digest: digestOf(token) })
      .update({ expires_at: hoursAgo(1) });

    expect(await activities.removeOld('refresh tokens', LIMIT)).toBe(1);

    const further = { digest: digestOf(randomUUID()), expiresAt: hoursAgo(-30) };
    expect(await store.rotate(next.digest, further)).toMatchObject({ sessionId });
  });

  it('is kept after its use, so that a second use still ends the session', async () => {
    const { store, token } = await aSession(-1);
    const next = { digest: digestOf(randomUUID()), expiresAt: hoursAgo(-30) };
    await store.rotate(digestOf(token), next);

    expect(await activities.removeOld('refresh tokens', LIMIT)).toBe(0);

    const further = { digest: digestOf(randomUUID()), expiresAt: hoursAgo(-30) };
    expect(await store.rotate(digestOf(token), further)).toBeNull();
    expect(await store.rotate(next.digest, further)).toBeNull();
  });
});
