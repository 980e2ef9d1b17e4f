import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createEventStreams, type EventStreams } from '../../../src/api/http/eventStream';
import { Problem } from '../../../src/domain/problems';

const MAX = 3;
/** Streams of one account. */
const EACH = 2;
const HOLDER = { network: '198.51.100.1' };

let stopping: AbortController;
let streams: EventStreams;
let refusals: number;
let listeners: Readable[];
let end: () => Promise<void>;
let connectClient: () => Promise<Socket>;

/** Each connection gets an event stream, as Koa sends it. */
beforeEach(async () => {
  stopping = new AbortController();
  refusals = 0;
  streams = createEventStreams({
    bounds: { streams: { total: MAX, each: MAX }, streamsOfAccount: { total: MAX, each: EACH } },
    stopping: stopping.signal,
    onRefused: () => (refusals += 1),
  });
  listeners = [];
  const server = createServer((_request, response) => {
    const stream = streams.listener(HOLDER);
    listeners.push(stream);
    pipeline(stream, response, () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // The address of a server on a port has this type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const { port } = server.address() as AddressInfo;
  connectClient = async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    socket.on('error', () => undefined);
    await once(socket, 'readable');
    return socket;
  };
  end = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  };
});
afterEach(async () => end());

/** Reads until this number of bytes has arrived. */
async function receive(socket: Socket, bytes: number): Promise<void> {
  let received = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += Buffer.isBuffer(chunk) ? chunk.length : 0;
    if (received >= bytes) return;
  }
  throw new Error(`the stream has ended after ${received} bytes`);
}

/** Waits until the stream closes in any way. An error on the way does not matter here. */
async function closed(stream: Readable): Promise<void> {
  await new Promise<void>((resolve) => void stream.once('close', resolve));
}

const MEGABYTE = 1024 * 1024;

describe('a client that is too slow', () => {
  it('is dropped, and delays no other client', async () => {
    const slow = await connectClient();
    const quick = await connectClient();
    const [slowOne, quickOne] = listeners;
    if (!slowOne || !quickOne) throw new Error('they are not connected');
    const dropped = closed(slowOne);
    const received = receive(quick, 32 * MEGABYTE);
    const bytes = Buffer.alloc(MEGABYTE, ': something to tell\n');

    for (let sent = 0; sent < 32; sent += 1) {
      await streams.send(listeners, bytes);
      // A client that is faster than the sender is never behind by more than the last piece.
      if (quickOne.readableLength > 0) await once(quickOne, 'data');
    }

    await dropped;
    await received;
    expect([slowOne.destroyed, quickOne.destroyed]).toEqual([true, false]);
    slow.resume();
    await closed(slow);
  });

  it('no longer counts once it is gone', async () => {
    for (let count = 0; count < 2 * MAX; count += 1) {
      const client = await connectClient();
      const left = closed(listeners.at(-1) ?? client);
      client.destroy();
      await left;
    }
    expect(listeners).toHaveLength(2 * MAX);
  });
});

describe('too many streams', () => {
  it('are rejected as temporarily-unavailable, with the time to retry', () => {
    for (let count = 0; count < MAX; count += 1) streams.listener(HOLDER);
    expect(() => streams.listener(HOLDER)).toThrow(
      new Problem('temporarily-unavailable', 'Too many event streams at once.', { retryAfter: 10 }),
    );
    expect(refusals).toBe(1);
  });

  it('of one account are rejected as rate-limited, and other accounts may open streams', async () => {
    const one = { ...HOLDER, userId: 'one' };
    const [first] = [streams.listener(one), streams.listener(one)];
    expect(() => streams.listener(one)).toThrow(
      new Problem('rate-limited', 'Too many event streams of one client at once.', { retryAfter: 10 }),
    );
    // The rejected stream does not count.
    const other = streams.listener({ ...HOLDER, userId: 'other' });
    const left = Promise.all([closed(other), closed(first)]);
    other.destroy();
    first.destroy();
    await left;
    expect(streams.listener(one).destroyed).toBe(false);
  });
});

describe('streams of a service that stops', () => {
  it('end, and nothing is sent afterwards', async () => {
    const client = await connectClient();
    const ended = once(client, 'end');
    client.resume();
    stopping.abort();
    await streams.send(listeners, Buffer.from(': late\n\n'));
    expect(() => streams.listener(HOLDER)).toThrow(Problem);
    listeners[0]?.once('error', () => {
      throw new Error('something was sent after the end');
    });
    await closed(listeners[0] ?? client);
    client.end();
    await ended;
  });
});
