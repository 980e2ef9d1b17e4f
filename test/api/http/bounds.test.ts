import { edgeBounds } from '../../../src/api/http/bounds';

const MB = 1024 * 1024;
/** Measured: docs/operations.md. */
const CONNECTION = 41 * 1024;

describe('what clients may hold', () => {
  it.each([256, 512, 2_048])('leaves a quarter of the heap to the service: %i MB', (megabytes) => {
    const { connections, bodyBytes } = edgeBounds({ sharesCount: true, heapBytes: megabytes * MB });
    expect(connections.total * CONNECTION + bodyBytes.total).toBeLessThan(0.75 * megabytes * MB);
  });

  it('leaves connections to those who want no event stream', () => {
    const { connections, streams } = edgeBounds({ sharesCount: true, heapBytes: 512 * MB });
    expect(streams.total).toBeLessThan(0.7 * connections.total);
  });

  it('is never all in one hand', () => {
    const { connections, requests, bodyBytes, streams, streamsOfAccount } = edgeBounds({ sharesCount: true });
    for (const { total, each } of [connections, requests, bodyBytes, streams, streamsOfAccount]) {
      expect(each).toBeLessThanOrEqual(total / 4);
    }
  });

  it('is bounded in all where shares do not count, as in a benchmark', () => {
    const { streams, bodyBytes } = edgeBounds({ sharesCount: false, heapBytes: 512 * MB });
    expect([streams.each, bodyBytes.each]).toEqual([Infinity, Infinity]);
    expect([streams.total, bodyBytes.total].every(Number.isFinite)).toBe(true);
  });
});
