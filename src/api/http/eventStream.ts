import { Readable } from 'node:stream';
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/problems';
import type { EdgeBounds } from './bounds';
import { createShares, type Shortage, shortageProblem } from './shares';

/** One server-sent event; `data` goes as JSON. `id` comes back as `Last-Event-ID` after a lost connection. */
export interface ServerEvent {
  event: string;
  data: unknown;
  id?: string;
}

/** The client that opens a stream, as streams are counted. */
export interface StreamHolder {
  network: string;
  userId?: string;
}

/** A body that others write to, many of them at once; `close` is emitted when its client is gone. */
export type Audience = Iterable<Readable>;

export interface EventStreams {
  /**
   * A body of type text/event-stream. It takes an event only when the client has room for it, so a slow
   * client holds back its source and no memory; it sends a comment where nothing happens for 15 s, so that
   * proxies keep the connection; and it ends with its source or with `closed`.
   *
   * @throws {Problem} temporarily-unavailable where too many streams are open already, rate-limited where too many
   *   of this holder are
   */
  open(events: AsyncIterable<ServerEvent>, closed: AbortSignal, holder: StreamHolder): Readable;
  /**
   * A body of the same type without a source: it is sent to with `send`. It has no timer and no generator of
   * its own, so that thousands cost little, and gets the comments of all such streams.
   *
   * @throws {Problem} as `open`
   */
  listener(holder: StreamHolder): Readable;
  /**
   * Hands the same bytes to every listener. One that has not taken in MAX_BACKLOG_BYTES is dropped
   * instead: its connection breaks, and it can resume. Other requests get their turns in between.
   */
  send(audience: Audience, bytes: Buffer): Promise<void>;
}

export const EVENT_STREAM = 'text/event-stream';

/** For answers that are streams: no cache keeps them, and nginx does not collect them into blocks. */
export const EVENT_STREAM_HEADERS = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };

const HEARTBEAT_MS = 15_000;
const HEARTBEAT = Buffer.from(': still here\n\n');

/** Reconnect after 2 s. It also sends the headers at once, before the first event. */
const OPENING = 'retry: 2000\n\n';

/** Behind what the kernel and the response already hold; frames are shared, so this costs little but order. */
const MAX_BACKLOG_BYTES = 256 * 1024;

/** Clients that are written to in one turn of the event loop: some 2 ms. */
const CLIENTS_A_TURN = 200;

/** Seconds; a client can poll meanwhile. */
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
    if (ofAccount) byNetwork.giveBack(network);
    return ofAccount;
  }

  /** The stream has its place from now on until it closes. */
  function placed(holder: StreamHolder, open: () => Readable): Readable {
    if (stopping.aborted) {
      throw new Problem('temporarily-unavailable', 'The service is stopping.', { retryAfter: RETRY_AFTER });
    }
    const shortage = take(holder);
    if (shortage) {
      onRefused();
      throw shortageProblem(shortage, 'event streams', RETRY_AFTER);
    }
    return open().once('close', () => {
      byNetwork.giveBack(holder.network);
      if (holder.userId !== undefined) byAccount.giveBack(holder.userId);
    });
  }

  async function send(audience: Audience, bytes: Buffer): Promise<void> {
    let turn = 0;
    for (const listener of audience) {
      // They have had their end by then, and nothing may follow that.
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
      return placed(holder, () =>
        Readable.from(frames(events, closed), { objectMode: false, highWaterMark: 16 * 1024 }),
      );
    },

    listener(holder) {
      const stream = placed(holder, () => new Readable({ read: () => undefined }));
      heartbeat ??= setInterval(() => void send(listeners, HEARTBEAT), HEARTBEAT_MS).unref();
      stream.push(OPENING);
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
  yield OPENING;
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
    // A source may notice the end as an error; then the stream ends as if it had ended by itself.
    if (!closed.aborted) throw error;
  } finally {
    // Not awaited: a source that waits for its next event ends by `closed`.
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
