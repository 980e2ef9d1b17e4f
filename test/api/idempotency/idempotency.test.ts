import { randomUUID } from 'node:crypto';
import { createPasswords } from '../../../src/api/accounts/passwords';
import {
  createIdempotency,
  type Idempotency,
  type IdempotentRequest,
} from '../../../src/api/idempotency/idempotency';
import type { Stores } from '../../../src/db/stores';
import { Problem } from '../../../src/domain/problems';
import { aString } from '../../support/matchers';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let idempotency: Idempotency;
const passwords = createPasswords();

beforeAll(async () => {
  database = await createTestDatabase();
  idempotency = createIdempotency({ db: database.db, passwords });
});

afterAll(async () => database?.drop());

const PARALLEL = 20;

function aRequest(change: Partial<IdempotentRequest> = {}): IdempotentRequest {
  return { userId: randomUUID(), route: 'POST /v1/things', key: randomUUID(), body: { id: 'a' }, ...change };
}

/** An effect for a test: a row, and a response that a second run would not give again. */
function aThing() {
  const kind = randomUUID();
  const effect = async ({ outbox }: Stores) => {
    await outbox.add(kind, {});
    return { status: 201, body: { thing: randomUUID() } };
  };
  const count = async (): Promise<number> => (await database.owner('outbox').where({ kind })).length;
  return { effect, count };
}

const givingToken = () => Promise.resolve({ status: 200, body: { refreshToken: 'very-secret' } });

async function storedRow({ key }: IdempotentRequest): Promise<{ answer: unknown } | undefined> {
  return database.owner('idempotency_keys').where({ key }).first<{ answer: unknown } | undefined>();
}

describe('a transaction with an idempotency key', () => {
  it('has its effect once for many requests at once, and all of them get its response', async () => {
    const [request, thing] = [aRequest(), aThing()];

    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, async () => idempotency.transact(request, () => thing.effect)),
    );

    expect(await thing.count()).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await idempotency.transact(request, () => thing.effect)).toEqual(answers[0]);
    expect(await thing.count()).toBe(1);
  });

  it('is a new attempt for another user, route or key, and for each request without a key', async () => {
    const [request, thing] = [aRequest(), aThing()];
    const others = [{}, { userId: randomUUID() }, { route: 'POST /v1/others' }, { key: randomUUID() }];
    for (const other of [...others, { key: undefined }, { key: undefined }]) {
      await idempotency.transact({ ...request, ...other }, () => thing.effect);
    }

    expect(await thing.count()).toBe(6);
  });

  it('rejects another body, also while the first request is under way', async () => {
    const [request, thing] = [aRequest(), aThing()];
    const other = { ...request, body: { id: 'b' } };

    const results = await Promise.allSettled(
      Array.from({ length: PARALLEL }, async (_, index) =>
        idempotency.transact(index % 2 === 0 ? request : other, () => thing.effect),
      ),
    );

    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(PARALLEL / 2);
    for (const result of refused)
      expect(result).toMatchObject({ reason: { slug: 'idempotency-key-reused' } });
    expect(await thing.count()).toBe(1);
  });

  it('leaves nothing behind if it fails half-way, and the next request has the effect', async () => {
    const [request, thing] = [aRequest(), aThing()];
    const dying = async (stores: Stores) => {
      await thing.effect(stores);
      throw new Error('the process dies');
    };
    await expect(idempotency.transact(request, () => dying)).rejects.toThrow('the process dies');
    expect(await thing.count()).toBe(0);

    await idempotency.transact(request, () => thing.effect);
    await idempotency.transact(request, () => thing.effect);

    expect(await thing.count()).toBe(1);
  });

  it('passes the effect to a waiting request if the first request fails', async () => {
    const [request, thing] = [aRequest(), aThing()];
    let runs = 0;
    const failingFirst = async (stores: Stores) => {
      runs += 1;
      if (runs === 1) throw new Error('the process dies');
      return thing.effect(stores);
    };

    const results = await Promise.allSettled(
      Array.from({ length: PARALLEL }, async () => idempotency.transact(request, () => failingFirst)),
    );

    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await thing.count()).toBe(1);
  });

  it('gives the same rejection again, and keeps what was written with it', async () => {
    const [request, thing] = [aRequest(), aThing()];
    const refusing = async (stores: Stores): Promise<never> => {
      await thing.effect(stores);
      throw new Problem('id-taken', 'This id is taken.', { id: 'a' });
    };
    const expected = { slug: 'id-taken', message: 'This id is taken.', members: { id: 'a' } };

    await expect(idempotency.transact(request, () => refusing)).rejects.toMatchObject(expected);
    await expect(idempotency.transact(request, () => thing.effect)).rejects.toMatchObject(expected);

    expect(await thing.count()).toBe(1);
  });

  it.each([
    ['is rejected before its effect', 'invalid-credentials'],
    ['has no outcome', 'temporarily-unavailable'],
  ] as const)('leaves the key free if it %s', async (_case, slug) => {
    const [request, thing] = [aRequest(), aThing()];
    const prepare = () => Promise.reject(new Problem(slug, 'Not now.'));
    await expect(idempotency.transact(request, prepare)).rejects.toMatchObject({ slug });

    await idempotency.transact({ ...request, body: { id: 'b' } }, () => thing.effect);

    expect(await thing.count()).toBe(1);
  });
});

const expired = async () => Promise.reject(new Problem('queue-token-expired', 'The place has ended.'));
const interim = async () => Promise.resolve({ status: 202, interim: true });
const unknown = async () => Promise.resolve(null);
const refused = async () =>
  Promise.reject(new Problem('seat-unavailable', 'It is sold.', { unavailableSeatIds: [] }));
const known = async () => Promise.resolve({ status: 200, body: { paid: true } });

describe('a key whose effect is under way', () => {
  it('stays taken when a repeat is rejected, and gets the outcome once it is known', async () => {
    const request = aRequest();
    await idempotency.once(request, interim, unknown);

    await expect(idempotency.once(request, expired, unknown)).rejects.toMatchObject({
      slug: 'queue-token-expired',
    });

    const other = { ...request, body: { id: 'b' } };
    await expect(idempotency.once(other, interim, unknown)).rejects.toMatchObject({
      slug: 'idempotency-key-reused',
    });
    expect(await idempotency.once(request, expired, known)).toEqual({ status: 200, body: { paid: true } });
  });

  it('responds with the outcome of an earlier run, and not with the refusal of a later one', async () => {
    const answer = await idempotency.once(aRequest(), refused, known);

    expect(answer).toEqual({ status: 200, body: { paid: true } });
  });

  it('is free again if its first request was rejected before anything happened', async () => {
    const request = aRequest();
    await expect(idempotency.once(request, expired, unknown)).rejects.toMatchObject({
      slug: 'queue-token-expired',
    });

    const other = { ...request, body: { id: 'b' } };
    expect(await idempotency.once(other, known, unknown)).toEqual({ status: 200, body: { paid: true } });
  });
});

describe('a body with a secret', () => {
  const body = { id: 'mina', password: 'correct horse' };

  it.each(['password', 'token'] as const)('gets its own response again (%s)', async (secret) => {
    const [request, thing] = [aRequest({ body, secret }), aThing()];

    const first = await idempotency.transact(request, () => thing.effect);

    expect(await idempotency.transact(request, () => thing.effect)).toEqual(first);
    expect(await thing.count()).toBe(1);
    const other = { ...request, body: { ...body, password: 'another horse' } };
    await expect(idempotency.transact(other, () => thing.effect)).rejects.toMatchObject({
      slug: 'idempotency-key-reused',
    });
  });

  it.each(['password', 'token'] as const)('leaves only an encrypted response (%s)', async (secret) => {
    const request = aRequest({ body, secret });

    await idempotency.transact(request, () => givingToken);

    const row = await storedRow(request);
    expect(row?.answer).toEqual({ sealed: aString });
    expect(JSON.stringify(row)).not.toMatch(/very-secret|correct horse/);
  });

  it('makes a guess of its password as expensive as the hash of the password', async () => {
    const stretch = jest.spyOn(passwords, 'stretch');
    const request = aRequest({ body, secret: 'password' });
    await idempotency.transact(request, () => aThing().effect);

    expect(stretch).toHaveBeenCalledTimes(1);
    const [text, salt] = stretch.mock.calls[0] ?? [];
    expect(text).toContain('correct horse');
    const again = aRequest({ body, secret: 'password' });
    await idempotency.transact(again, () => aThing().effect);
    expect(stretch.mock.calls[1]?.[1]).not.toEqual(salt);
    jest.restoreAllMocks();
  });
});
