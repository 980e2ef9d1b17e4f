import { getHeapStatistics } from 'node:v8';
import type { ShareBounds } from './shares';

/** What clients may hold of one API process at the same time. docs/operations.md names the response for each bound. */
export interface EdgeBounds {
  connections: ShareBounds;
  /** Requests under way, event streams among them. A connection has one at a time. */
  requests: ShareBounds;
  /** Bytes of bodies that are being read, or whose request has no response yet. */
  bodyBytes: ShareBounds;
  streams: ShareBounds;
  /** Event streams of one account. */
  streamsOfAccount: ShareBounds;
}

/**
 * The most that a connection costs in V8's heap, whatever its client does with it: headers that never end, a request
 * under way, an event stream. Measured with `npm run bench:bounds`.
 */
const CONNECTION_BYTES = 42 * 1024;

/** Half of the heap is for connections; the service itself needs about 100 MB with its caches. */
const CONNECTIONS_OF_HEAP = 1 / 2;

/**
 * The bytes of bodies are outside V8's heap. But the values that they are parsed into are in the heap, one body after
 * the other.
 */
const BODIES_OF_HEAP = 1 / 4;

/** The other connections are for requests that get a response at once. */
const STREAMS_OF_CONNECTIONS = 5 / 8;

/** One address alone cannot keep the others out. A crowd behind one address still has several times what it needs. */
const SHARE_OF_ADDRESS = 1 / 4;

/** A person opens one or two tabs for each show. */
const STREAMS_OF_ACCOUNT = 20;

/**
 * The bounds follow from the memory that the process may use, so that all of them together stay below it.
 *
 * @param options.sharesCount whether one address or account is limited to its share; RATE_LIMIT_FACTOR=0 switches this
 *   off
 * @param options.heapBytes V8's limit, as Node's --max-old-space-size and --max-semi-space-size set it
 */
export function edgeBounds({
  sharesCount,
  heapBytes = getHeapStatistics().heap_size_limit,
}: {
  sharesCount: boolean;
  heapBytes?: number;
}): EdgeBounds {
  const connections = Math.floor((heapBytes * CONNECTIONS_OF_HEAP) / CONNECTION_BYTES);
  const streams = Math.floor(connections * STREAMS_OF_CONNECTIONS);
  const shared = (total: number, each = total * SHARE_OF_ADDRESS): ShareBounds => ({
    total,
    each: sharesCount ? Math.floor(each) : Infinity,
  });
  return {
    connections: shared(connections),
    requests: shared(connections),
    bodyBytes: shared(Math.floor(heapBytes * BODIES_OF_HEAP)),
    streams: shared(streams),
    streamsOfAccount: shared(streams, STREAMS_OF_ACCOUNT),
  };
}
