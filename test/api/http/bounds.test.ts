import { edgeBounds } from '../../../src/api/http/bounds';

const MB = 1024 * 1024;
/** The bytes of a connection, measured: docs/operations.md. */
const CONNECTION = 41 * 1024;

describe('the bounds for clients', () => {
  it.each([256, 512, 2_048])('leave a quarter of the heap to the service: %i MB', (megabytes) => {
    const { connections, bodyBytes } = edgeBounds({ sharesCount: true, heapBytes: megabytes * MB });
    expect(connections.total * CONNECTION + bodyBytes.total).toBeLessThan(0.75 * megabytes * MB);
  });

  it('leave connections to clients without an event stream', () => {
    const { connections, streams } = edgeBounds({ sharesCount: true, heapBytes: 512 * MB });
    expect(streams.total).toBeLessThan(0.7 * connections.total);
  });

  it('give at most a quarter to one client', () => {
    const { connections, requests, bodyBytes, streams, streamsOfAccount } = edgeBounds({ sharesCount: true });
    for (const { total, each } of [connections, requests, bodyBytes, streams, streamsOfAccount]) {
      expect(each).toBeLessThanOrEqual(total / 4);
    }
  });

  it('limit the total also if shares do not count, as in a benchmark', () => {
    const { streams, bodyBytes } = edgeBounds({ sharesCount: false, heapBytes: 512 * MB });
    expect([streams.each, bodyBytes.each]).toEqual([Infinity, Infinity]);
    expect([streams.total, bodyBytes.total].every(Number.isFinite)).toBe(true);
  });
});
