import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createPasswords } from '../../../src/api/accounts/passwords';
import { endpoint, type Endpoint } from '../../../src/api/http/endpoint';
import { createIdempotency, type Idempotency } from '../../../src/api/idempotency/idempotency';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let idempotency: Idempotency;

beforeAll(async () => {
  database = await createTestDatabase();
  idempotency = createIdempotency({ db: database.db, passwords: createPasswords() });
});

afterAll(async () => database?.drop());

const described = {
  method: 'POST',
  path: '/test/{name}',
  summary: 'Has an effect',
  tags: ['Test'],
  access: 'public',
  params: z.object({ name: z.string() }),
  body: z.strictObject({ size: z.number() }),
  responses: { 201: { description: 'Done', schema: z.object({ made: z.string() }) } },
} as const;

const made = () => ({ status: 201 as const, body: { made: randomUUID() } });

async function send(to: Endpoint, { key = randomUUID(), name = 'a', body = { size: 1 } } = {}) {
  return to.handle({
    http: {
      method: 'POST',
      path: `/test/${name}`,
      network: '127.0.0.1/32',
      headers: { 'idempotency-key': key },
      closed: new AbortController().signal,
    },
    user: undefined,
    params: { name },
    query: {},
    body,
    idempotency,
  });
}

const once = endpoint({
  ...described,
  effect: 'once',
  handle: async (request) => request.once(async () => Promise.resolve(made())),
});

const inTransaction = endpoint({
  ...described,
  effect: 'transaction',
  handle: async ({ transact }) => transact(() => async () => Promise.resolve(made())),
});

describe.each([
  ['once', once],
  ['in a transaction', inTransaction],
])('an endpoint that has its effect %s', (_how, target) => {
  it('gives a repeated request its first response', async () => {
    const key = randomUUID();

    const first = await send(target, { key });

    expect(await send(target, { key })).toEqual(first);
    expect(await send(target)).not.toEqual(first);
  });

  it('tells requests apart by their path and their body', async () => {
    const key = randomUUID();
    const first = await send(target, { key });

    expect(await send(target, { key, name: 'b' })).not.toEqual(first);
    await expect(send(target, { key, body: { size: 2 } })).rejects.toMatchObject({
      slug: 'idempotency-key-reused',
    });
  });
});

describe('an endpoint that forgets to run its effect under the key', () => {
  it.each(['once', 'transaction'] as const)('is a fault of the code (%s)', async (effect) => {
    const forgetful = endpoint({ ...described, effect, handle: made });

    await expect(send(forgetful)).rejects.toThrow('POST /test/{name} did not run its effect under its key');
  });
});
