import { startEdge, type Edge } from '../edge';

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
