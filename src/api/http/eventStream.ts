import { Readable } from 'node:stream';
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/problems';
import type { EdgeBounds } from './bounds';
import { createShares, type Shortage, shortageProblem } from './shares';

/** One server-sent event. `data` is sent as JSON. `id` comes back as `Last-Event-ID` after a lost connection. */
export interface ServerEvent {
  event: string;
  data: unknown;
  id?: string;
}

/** The client that opens a stream. Streams are counted by these fields. */
export interface StreamHolder {
  network: string;
  userId?: string;
}

/** Bodies that `send` writes to, many at once. Each emits `close` when its client is gone. */
export type Audience = Iterable<Readable>;

export interface EventStreams {
  /**
   * A body of type text/event-stream. It takes an event only when the client can take it, so a slow client holds
   * back its source and costs no memory. If nothing happens for 15 s, it sends a comment, so that proxies keep the
   * connection. It ends with its source or with `closed`.
   *
   * @throws {Problem} temporarily-unavailable if too many streams are open already, rate-limited if too many of this
   *   holder are
   */
  open(events: AsyncIterable<ServerEvent>, closed: AbortSignal, holder: StreamHolder): Readable;
  /**
   * A body of the same type without a source: `send` writes to it. It has no timer and no generator of its own, so that
   * thousands cost little. It gets the comments that all such streams get.
   *
   * @throws {Problem} as `open`
   */
  listener(holder: StreamHolder): Readable;
  /**
   * Writes the same bytes to every listener. It drops a listener with a backlog of more than MAX_BACKLOG_BYTES instead:
   * the connection breaks, and the client can resume. Other requests get their turns in between.
   */
  send(audience: Audience, bytes: Buffer): Promise<void>;
}

export const EVENT_STREAM = 'text/event-stream';

/** For responses that are streams. No cache keeps them, and nginx does not collect them into blocks. */
export const EVENT_STREAM_HEADERS = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };

const HEARTBEAT_MS = 15_000;
const HEARTBEAT = Buffer.from(': still here\n\n');

/** Tells the client to reconnect after 2 s. It also sends the headers at once, before the first event. */
const STREAM_START = 'retry: 2000\n\n';

/**
 * The backlog comes after what the kernel and the response already hold. Listeners share the frames, so it costs little
 * more than their order.
 */
const MAX_BACKLOG_BYTES = 256 * 1024;

/** The number of clients that get bytes in one turn of the event loop: about 2 ms. */
const CLIENTS_A_TURN = 200;

/** In seconds. A client can poll meanwhile. */
const RETRY_AFTER = 10;

/** @param options.stopping ends all listeners */
export function createEventStreams(options: {
  bounds: Pick<EdgeBounds, 'streams' | 'streamsOfAccount'>;
  stopping: AbortSignal;
  onRefused: () => void;
}): EventStreams {
  const { bounds, stopping, onRefused } = options;
  const byNetwork = createShares(bounds.streams);
  const byAccount = createShares(bounds.streamsOfAccount);
  const listeners = new Set<Readable>();
  let heartbeat: NodeJS.Timeout | undefined;

  function take({ network, userId }: StreamHolder): Shortage | undefined {
    const ofNetwork = byNetwork.take(network);
    if (ofNetwork || userId === undefined) return ofNetwork;
    const ofAccount = byAccount.take(userId);
    if (ofAccount) byNetwork.returnShare(network);
    return ofAccount;
  }

  /** The stream counts against its client until it closes. */
  function withinShare(holder: StreamHolder, open: () => Readable): Readable {
    if (stopping.aborted) {
      throw new Problem('temporarily-unavailable', 'The service is stopping.', { retryAfter: RETRY_AFTER });
    }
    const shortage = take(holder);
    if (shortage) {
      onRefused();
      throw shortageProblem(shortage, 'event streams', RETRY_AFTER);
    }
    return open().once('close', () => {
      byNetwork.returnShare(holder.network);
      if (holder.userId !== undefined) byAccount.returnShare(holder.userId);
    });
  }

  async function send(audience: Audience, bytes: Buffer): Promise<void> {
    let turn = 0;
    for (const listener of audience) {
      // The listeners have ended by then, and nothing may follow the end.
      if (stopping.aborted) return;
      if (listener.readableLength > MAX_BACKLOG_BYTES) listener.destroy(new Error('the client is too slow'));
      else listener.push(bytes);
      turn += 1;
      if (turn % CLIENTS_A_TURN === 0) await endOfTurn();
    }
  }

  stopping.addEventListener('abort', () => {
    clearInterval(heartbeat);
    for (const listener of listeners) listener.push(null);
  });

  return {
    open(events, closed, holder) {
      return withinShare(holder, () =>
        Readable.from(frames(events, closed), { objectMode: false, highWaterMark: 16 * 1024 }),
      );
    },

    listener(holder) {
      const stream = withinShare(holder, () => new Readable({ read: () => undefined }));
      heartbeat ??= setInterval(() => void send(listeners, HEARTBEAT), HEARTBEAT_MS).unref();
      stream.push(STREAM_START);
      listeners.add(stream);
      stream.once('close', () => listeners.delete(stream));
      return stream;
    },

    send,
  };
}

/** An event as it is sent. */
export function frame({ event, data, id }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function* frames(events: AsyncIterable<ServerEvent>, closed: AbortSignal): AsyncGenerator<string> {
  const source = events[Symbol.asyncIterator]();
  yield STREAM_START;
  let next = source.next();
  try {
    while (!closed.aborted) {
      const result = await Promise.race([next, silence(closed)]);
      if (result === 'silent') {
        yield HEARTBEAT.toString();
        continue;
      }
      if (result.done) return;
      yield frame(result.value);
      next = source.next();
    }
  } catch (error) {
    // A source may report the end as an error. Then the stream ends as if the source had ended normally.
    if (!closed.aborted) throw error;
  } finally {
    // Not awaited: `closed` ends a source that waits for its next event.
    next.catch(() => undefined);
    void source.return?.();
  }
}

async function silence(closed: AbortSignal): Promise<'silent'> {
  try {
    await sleep(HEARTBEAT_MS, undefined, { signal: closed, ref: false });
  } catch {
    // Aborted: the loop sees it.
  }
  return 'silent';
}
