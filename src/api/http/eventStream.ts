import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/problems';

/** One server-sent event; `data` goes as JSON. `id` comes back as `Last-Event-ID` after a lost connection. */
export interface ServerEvent {
  event: string;
  data: unknown;
  id?: string;
}

export interface EventStreams {
  /**
   * A body of type text/event-stream. It takes an event only when the client has room for it, so a slow
   * client holds back its source and no memory; it sends a comment where nothing happens for 15 s, so that
   * proxies keep the connection; and it ends with its source or with `closed`.
   *
   * @throws {Problem} temporarily-unavailable where too many streams are open already
   */
  open(events: AsyncIterable<ServerEvent>, closed: AbortSignal): Readable;
}

export const EVENT_STREAM = 'text/event-stream';

const HEARTBEAT_MS = 15_000;

/** @param options.max streams of this process at once */
export function createEventStreams(options: { max: number }): EventStreams {
  let open = 0;
  return {
    open(events, closed) {
      if (open >= options.max) {
        throw new Problem('temporarily-unavailable', 'Too many event streams are open; poll instead.', {
          retryAfter: 10,
        });
      }
      open += 1;
      const stream = Readable.from(frames(events, closed), { objectMode: false, highWaterMark: 16 * 1024 });
      stream.once('close', () => {
        open -= 1;
      });
      return stream;
    },
  };
}

async function* frames(events: AsyncIterable<ServerEvent>, closed: AbortSignal): AsyncGenerator<string> {
  const source = events[Symbol.asyncIterator]();
  // Reconnect after 2 s; also sends the headers at once, before the first event.
  yield 'retry: 2000\n\n';
  let next = source.next();
  try {
    while (!closed.aborted) {
      const result = await Promise.race([next, silence(closed)]);
      if (result === 'silent') {
        yield ': still here\n\n';
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

function frame({ event, data, id }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
