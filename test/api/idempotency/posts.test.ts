import { randomUUID } from 'node:crypto';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const posts = () => edge.endpoints.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/'));

describe('every POST under /v1', () => {
  it('takes an Idempotency-Key, or says what keeps its repeats from a second effect', () => {
    const silent = posts().filter(({ idempotent, withoutKey }) => !idempotent === !withoutKey);

    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('is there to be looked at', () => {
    expect(posts().length).toBeGreaterThanOrEqual(12);
  });
});

describe('a body that is not valid', () => {
  it('is another one than that which its key was used with before', async () => {
    const { accessToken: token } = await logIn(edge);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = async (body: unknown) => edge.call('POST', '/v1/queue/tokens', { token, headers, body });

    expect((await send({})).status).toBe(201);
    expectProblem(await send({ reason: 'other' }), 422, 'idempotency-key-reused');
    expect((await send({})).status).toBe(201);
  });

  it('leaves a key free that was not used before', async () => {
    const { accessToken: token } = await logIn(edge);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = async (body: unknown) => edge.call('POST', '/v1/queue/tokens', { token, headers, body });

    expectProblem(await send({ reason: 'other' }), 400, 'validation-failed');
    expect((await send({})).status).toBe(201);
  });
});
