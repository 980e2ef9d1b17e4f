import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuseRequest } from '../../../src/api/edge/refusal';
import { startServer, type HttpServer } from '../../../src/api/edge/server';
import { Problem } from '../../../src/domain/problems';
import { get, openBareClient, post } from '../../support/bareClient';

jest.setTimeout(60_000);

const UNBOUNDED = { total: Infinity, each: Infinity };

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.stop(0);
  server = undefined;
});

async function start(listener: RequestListener, connections = UNBOUNDED): Promise<HttpServer> {
  server = await startServer(listener, { host: '127.0.0.1', port: 0, connections });
  return server;
}

const answerOk: RequestListener = (_request, response) => void response.end('ok');

const refuse: RequestListener = (request, response) =>
  refuseRequest(request, response, new Problem('not-found', 'There is no such path.'));

/** Emits the event that Node emits after 30 s without traffic. */
const silence = ({ socket }: IncomingMessage): boolean => socket.emit('timeout');

describe('the server', () => {
  it('lets requests under way finish when it stops, and accepts no new ones', async () => {
    const requests = new EventEmitter();
    const running = await start((_request, response) => {
      requests.emit('arrived');
      requests.once('finish', () => response.end('done'));
    });
    const arrived = once(requests, 'arrived');
    const underWay = fetch(running.url);
    await arrived;
    const stopped = running.stop(5_000);
    await expect(fetch(running.url)).rejects.toThrow('fetch failed');
    requests.emit('finish');
    const finished = Date.now();
    expect(await (await underWay).text()).toBe('done');
    await stopped;
    expect(Date.now() - finished).toBeLessThan(2_000);
  });

  it('cuts requests that are still under way at the deadline of its stop', async () => {
    const requests = new EventEmitter();
    const running = await start(() => requests.emit('arrived'));
    const arrived = once(requests, 'arrived');
    const outcome = fetch(running.url).then(
      () => 'answered',
      () => 'cut',
    );
    await arrived;
    await running.stop(50);
    expect(await outcome).toBe('cut');
  });

  it('does not wait for idle connections when it stops', async () => {
    const running = await start(answerOk);
    await (await fetch(running.url)).text();
    const begin = Date.now();
    await running.stop(5_000);
    expect(Date.now() - begin).toBeLessThan(2_000);
  });

  it('fails to start on a port that is taken', async () => {
    const { url } = await start(answerOk);
    const port = Number(new URL(url).port);
    await expect(
      startServer(answerOk, { host: '127.0.0.1', port, connections: UNBOUNDED }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the Host header of a request', () => {
  it.each([
    ['is missing', 'GET / HTTP/1.1\r\n\r\n'],
    ['occurs twice', get('/', 'Host: other')],
    ['occurs twice in another case', get('/', 'hOST: test')],
  ])('%s: 400 as a problem', async (_case, request) => {
    const { url } = await start(answerOk);
    const client = await openBareClient(url);

    client.send(request);

    const answer = await client.until(/\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*Content-Type: application\/problem\+json/);
    expect(answer).toContain('"type":"/problems/malformed-request"');
    expect(answer).toMatch(/X-Request-Id: \S+/);
    client.leave();
  });

  it('may be missing in HTTP/1.0, which does not have it', async () => {
    const { url } = await start(answerOk);
    const client = await openBareClient(url);

    client.send('GET / HTTP/1.0\r\n\r\n');

    expect(await client.gone()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('request headers', () => {
  it('that never end get 408 soon after the time for headers, before the periodic check of Node', async () => {
    const { url } = await start(answerOk);
    const begin = Date.now();
    const client = await openBareClient(url);

    client.send('GET / HTTP/1.1\r\nHost: test\r\n');

    expect(await client.gone()).toMatch(/^HTTP\/1\.1 408 [\s\S]*request-timeout/);
    // The time for headers is 10 s, and the server notices the end within a second. Node itself checks every 30 s.
    expect(Date.now() - begin).toBeLessThan(25_000);
  });

  it('get 431 if there are too many', async () => {
    const { url } = await start(answerOk);
    const client = await openBareClient(url);

    client.send(get('/', ...Array.from({ length: 200 }, (_, index) => `x${index}:`)));

    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 431 [\s\S]*headers-too-large/);
    client.leave();
  });
});

describe('connections', () => {
  it('are bounded for each address, and other addresses can connect', async () => {
    const { url } = await start(answerOk, { total: 10, each: 3 });
    const greedy = await Promise.all(Array.from({ length: 8 }, async () => openBareClient(url)));
    for (const client of greedy) client.send(get('/'));
    const other = await openBareClient(url, { from: '127.0.0.2' });
    other.send(get('/'));

    expect(await other.until(/ok$/)).toMatch(/^HTTP\/1\.1 200 /);
    const refused = await Promise.all(greedy.slice(3).map(async (client) => client.gone()));
    expect(refused).toEqual(['', '', '', '', '']);
    await Promise.all(greedy.slice(0, 3).map(async (client) => client.until(/ok$/)));
    for (const client of [...greedy, other]) client.leave();
  });

  it('are bounded in all, and new clients can connect when others have left', async () => {
    const { url } = await start(answerOk, { total: 4, each: 4 });
    const first = await Promise.all(Array.from({ length: 4 }, async () => openBareClient(url)));
    const late = await openBareClient(url, { from: '127.0.0.2' });
    expect(await late.gone()).toBe('');

    for (const client of first) client.leave();
    let answer = '';
    while (answer === '') {
      const next = await openBareClient(url, { from: '127.0.0.2' });
      next.send(get('/', 'Connection: close'));
      answer = await next.gone();
    }
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('are closed after their response once three quarters of them are in use', async () => {
    const { url } = await start(answerOk, { total: 4, each: 4 });
    const quiet = await Promise.all(Array.from({ length: 3 }, async () => openBareClient(url)));
    const client = await openBareClient(url);

    client.send(get('/'));

    expect(await client.gone()).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close/);
    for (const one of quiet) one.leave();
  });
});

describe('a connection without traffic', () => {
  it('stays open while the service works on a request', async () => {
    const running = await start((request, response) => {
      request.resume().once('end', () => {
        silence(request);
        setTimeout(() => response.end('ok'), 50);
      });
    });
    const reply = await fetch(running.url, { method: 'POST', body: 'a plan' });
    expect(await reply.text()).toBe('ok');
  });

  it.each<[string, string, RequestListener]>([
    ['the body does not arrive', post('/', 'Content-Length: 5'), (request) => void silence(request)],
    [
      'the client does not read',
      get('/'),
      (request, response) => {
        response.write('begun');
        silence(request);
      },
    ],
  ])('is closed when %s', async (_case, text, listener) => {
    const running = await start(listener);
    const client = await openBareClient(running.url);
    client.send(text);
    await client.gone();
    expect(client.socket.destroyed).toBe(true);
  });
});

describe('pipelined requests on one connection', () => {
  it('are handled one after the other', async () => {
    const underWay: ServerResponse[] = [];
    const requests = new EventEmitter();
    const { url } = await start((_request, response) => {
      underWay.push(response);
      requests.emit('arrived');
    });
    const client = await openBareClient(url);
    const arrived = once(requests, 'arrived');
    client.send(get('/1') + get('/2') + get('/3'));
    await arrived;
    for (let turn = 1; turn <= 3; turn += 1) {
      await sleep(20);
      expect(underWay).toHaveLength(turn);
      underWay.at(-1)?.end(`answer ${turn}`);
      await client.until(new RegExp(`answer ${turn}$`));
      if (turn < 3) while (underWay.length === turn) await sleep(1);
    }
    client.leave();
  });

  it('end the connection if there are too many, and leave nothing under way', async () => {
    const responses: ServerResponse[] = [];
    const { url } = await start((_request, response) => void responses.push(response));
    const client = await openBareClient(url);

    client.send(get('/').repeat(1_000));

    expect(await client.gone()).toBe('');
    while (responses[0]?.closed === false) await sleep(1);
    expect(responses).toHaveLength(1);
  });
});

describe('a body that the server does not read', () => {
  it.each([
    ['with a length', `Content-Length: ${10 ** 12}`, 'x'.repeat(64 * 1024)],
    ['in chunks', 'Transfer-Encoding: chunked', `8000\r\n${'x'.repeat(0x8000)}\r\n`],
  ])('is cut soon after the error response, which the client can read: %s', async (_case, header, piece) => {
    const { url } = await start(refuse);
    const client = await openBareClient(url, { goesOn: true });
    client.send(post('/nothing', header));
    const begin = Date.now();
    // An endless upload that stops only when its connection ends.
    while (!client.socket.closed && Date.now() - begin < 10_000) {
      if (client.socket.writable && client.socket.writableLength < 1024 * 1024) client.send(piece);
      await sleep(0);
    }

    expect(client.socket.closed).toBe(true);
    expect(client.received()).toMatch(
      /^HTTP\/1\.1 404 [\s\S]*Connection: close[\s\S]*"\/problems\/not-found"/,
    );
  });

  it('keeps its connection if it has already arrived', async () => {
    const { url } = await start((request, response) => {
      setImmediate(() => refuse(request, response));
    });
    const client = await openBareClient(url);
    client.send(`${post('/nothing', 'Content-Length: 2')}{}`);
    await client.until(/not-found"/);

    client.send(get('/again'));

    const answer = await client.until(/not-found"[\s\S]*not-found"/);
    expect(answer.match(/HTTP\/1\.1 404/g)).toHaveLength(2);
    client.leave();
  });
});

describe('bytes that are not HTTP', () => {
  it('get no response in the middle of another response', async () => {
    const { url } = await start((_request, response) => {
      response.write('a stream begins');
    });
    const client = await openBareClient(url);
    client.send(get('/'));
    await client.until(/a stream begins/);

    client.send('NONSENSE\r\n\r\n');

    expect(await client.gone()).not.toContain('malformed-request');
  });
});
