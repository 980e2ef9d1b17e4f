import { getHeapStatistics } from 'node:v8';
import type { ShareBounds } from './shares';

/** What clients may hold of one API process at once. Each bound has its answer: docs/operations.md. */
export interface EdgeBounds {
  connections: ShareBounds;
  /** Requests under way, event streams among them. A connection has one at a time. */
  requests: ShareBounds;
  /** Bytes of bodies that are being read, or that were read and are not answered. */
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

/** Half of the heap is for connections; the service itself needs some 100 MB with its caches. */
const CONNECTIONS_OF_HEAP = 1 / 2;

/** The bytes of bodies are outside of V8's heap, but what they are parsed into is in it, one body after the other. */
const BODIES_OF_HEAP = 1 / 4;

/** The others are for requests that are answered at once. */
const STREAMS_OF_CONNECTIONS = 5 / 8;

/** Nobody alone can keep the others out: a crowd behind one address has several times what it needs. */
const SHARE_OF_ADDRESS = 1 / 4;

/** A person has a tab or two for each show. */
const STREAMS_OF_ACCOUNT = 20;

/**
 * The bounds follow from the memory that the process may use, so that all of them together stay below it.
 *
 * @param options.sharesCount whether one address or account is held to its share; RATE_LIMIT_FACTOR=0 frees them
 * @param options.heapBytes V8's limit, as Node's --max-old-space-size sets it
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
