import { randomUUID } from 'node:crypto';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const posts = () => edge.endpoints.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/'));

describe('every POST under /v1', () => {
  it('accepts an Idempotency-Key, or states what prevents a second effect of a repeat', () => {
    const silent = posts().filter(({ effect, withoutKey }) => !effect === !withoutKey);

    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('is found by this test: there are at least 12', () => {
    expect(posts().length).toBeGreaterThanOrEqual(12);
  });
});

describe('an invalid body', () => {
  it('is a different body for a key that was used before', async () => {
    const { accessToken: token } = await logIn(edge);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = async (body: unknown) => edge.call('POST', '/v1/queue/tokens', { token, headers, body });

    expect((await send({})).status).toBe(201);
    expectProblem(await send({ reason: 'other' }), 422, 'idempotency-key-reused');
    expect((await send({})).status).toBe(201);
  });

  it('leaves an unused key free', async () => {
    const { accessToken: token } = await logIn(edge);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = async (body: unknown) => edge.call('POST', '/v1/queue/tokens', { token, headers, body });

    expectProblem(await send({ reason: 'other' }), 400, 'validation-failed');
    expect((await send({})).status).toBe(201);
  });
});
