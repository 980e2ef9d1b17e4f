import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createByteReader } from '../../../src/api/http/bodyBytes';
import { refuseRequest } from '../../../src/api/edge/refusal';
import { Problem } from '../../../src/domain/problems';
import { openBareClient, post } from '../../support/bareClient';

const LIMIT = 1_000;

let server: Server;
let url: string;
let refusals: number;
let decompress: boolean;
/** Requests whose body is being read, or that wait for their response. */
let underWay: IncomingMessage[];
/** Responses wait for this promise. */
let hold: Promise<void>;

beforeEach(async () => {
  refusals = 0;
  underWay = [];
  decompress = true;
  hold = Promise.resolve();
  const readBytes = createByteReader({
    bounds: { total: 5 * LIMIT, each: 2 * LIMIT },
    networkOf: ({ headers }) => String(headers['x-from'] ?? 'one'),
    onRefused: () => (refusals += 1),
  });
  server = createServer();
  server.on('checkContinue', (...exchange) => server.emit('request', ...exchange));
  server.on('request', (req: IncomingMessage, res) => {
    underWay.push(req);
    readBytes({ req, res }, { limit: LIMIT, decompress }).then(
      async (bytes) => hold.then(() => res.end(bytes)),
      (problem: unknown) => problem instanceof Problem && refuseRequest(req, res, problem),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // The address of a server on a port has this type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});

async function send(body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body, headers });
  return { status: response.status, text: await response.text() };
}

/** Announces a body of this length, and sends one byte. */
async function begin(name: string, bytes = LIMIT) {
  const client = await openBareClient(url);
  const count = underWay.length;
  client.send(`${post('/', `Content-Length: ${bytes}`, `X-From: ${name}`)}x`);
  while (underWay.length === count) await sleep(1);
  return client;
}

describe('a body', () => {
  it.each([
    ['as it is', 'identity', (text: string) => Buffer.from(text)],
    ['gzip', 'gzip', gzipSync],
    ['gzip in capitals', 'GZIP', gzipSync],
    ['deflate', 'deflate', deflateSync],
  ])('is read as its bytes: %s', async (_case, encoding, encode) => {
    const text = `{"name":"이름"}`;
    expect(await send(encode(text), { 'Content-Encoding': encoding })).toEqual({ status: 200, text });
  });

  it.each([
    ['is not gzip but claims to be', 'gzip', Buffer.from('{"name":"x"}')],
    ['is gzip that ends early', 'gzip', gzipSync('x'.repeat(500)).subarray(0, 15)],
  ])('that %s is 400', async (_case, encoding, body) => {
    const reply = await send(body, { 'Content-Encoding': encoding });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('malformed-request');
  });

  it.each([
    ['brotli', 'br', brotliCompressSync('x')],
    ['an unknown one', 'zip', Buffer.from('x')],
    ['two at once', 'gzip, gzip', gzipSync(gzipSync('x'))],
  ])('in an unsupported encoding is 415: %s', async (_case, encoding, body) => {
    expect(await send(body, { 'Content-Encoding': encoding })).toMatchObject({ status: 415 });
  });

  it('in any encoding is 415 if the caller needs the raw bytes', async () => {
    decompress = false;
    expect(await send(gzipSync('x'), { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 415 });
  });

  it.each([
    ['by its Content-Length', Buffer.alloc(LIMIT + 1), {}],
    ['after decompression', gzipSync(Buffer.alloc(1024 * 1024)), { 'Content-Encoding': 'gzip' }],
  ])('that is too large is 413: %s', async (_case, body, headers) => {
    expect(await send(body, headers)).toMatchObject({ status: 413 });
  });

  it('in chunks is 413 before its end if it is too large', async () => {
    const client = await openBareClient(url);
    client.send(post('/', 'Transfer-Encoding: chunked'));
    client.send(`800\r\n${'x'.repeat(0x800)}\r\n`);
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    client.leave();
  });

  it('is not requested (100-continue) if it is rejected', async () => {
    const refused = await openBareClient(url);
    refused.send(post('/', 'Expect: 100-continue', `Content-Length: ${LIMIT + 1}`));
    expect(await refused.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
    const taken = await openBareClient(url);
    taken.send(post('/', 'Expect: 100-continue', 'Content-Length: 5'));
    await taken.until(/^HTTP\/1\.1 100 Continue/);
    taken.send('hello');
    await taken.until(/HTTP\/1\.1 200 [\s\S]*hello$/);
    refused.leave();
    taken.leave();
  });
});

describe('bodies that have not arrived yet', () => {
  it('are bounded for each address, and more are rejected as rate-limited', async () => {
    const clients = [await begin('one'), await begin('one')];
    const third = await begin('one');
    expect(await third.until(/\}$/)).toMatch(/^HTTP\/1\.1 429 [\s\S]*Retry-After: \d+[\s\S]*rate-limited/);
    expect(await send('x', { 'X-From': 'two' })).toEqual({ status: 200, text: 'x' });
    expect(refusals).toBe(1);
    for (const client of [...clients, third]) client.leave();
  });

  it('are bounded in all, and more are rejected as temporarily-unavailable', async () => {
    const clients = [];
    for (const name of ['one', 'one', 'two', 'two', 'three']) clients.push(await begin(name));
    const last = await begin('four');
    expect(await last.until(/\}$/)).toMatch(/^HTTP\/1\.1 503 [\s\S]*temporarily-unavailable/);
    for (const client of [...clients, last]) client.leave();
  });

  it('no longer count once their clients are gone', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const client = await begin('one');
      client.leave();
      while (underWay.at(-1)?.socket.destroyed === false) await sleep(1);
    }
    expect(await send('x', { 'X-From': 'one' })).toEqual({ status: 200, text: 'x' });
    expect(refusals).toBe(0);
  });

  it('count until their responses are sent', async () => {
    let answer: (() => void) | undefined;
    hold = new Promise<void>((resolve) => (answer = resolve));
    const waiting = [send('x'.repeat(LIMIT)), send('x'.repeat(LIMIT))];
    while (underWay.filter(({ complete }) => complete).length < 2) await sleep(1);
    expect(await send('x')).toMatchObject({ status: 429 });
    answer?.();
    await Promise.all(waiting);
    expect(await send('x')).toMatchObject({ status: 200 });
  });
});
