import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { freePort } from '../../src/launcher/ports';
import { guardUi } from '../../src/launcher/servers/uiGuard';
import { openBareClient } from '../support/bareClient';

/** The requests that the UI behind the guard got. */
let asked: string[];
let ui: Server;
let guard: Server;
let port: number;

beforeAll(async () => {
  const uiPort = await freePort();
  ui = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      if (incoming.url === '/cut') {
        response.writeHead(200, { 'Content-Length': '100' }).write('the beginning');
        setTimeout(() => response.destroy(), 50);
        return;
      }
      asked.push(`${incoming.method} ${incoming.url} ${body}`);
      response.writeHead(201, { 'Set-Cookie': '_csrf=token' }).end('the UI');
    });
  });
  await once(ui.listen(uiPort, '127.0.0.1'), 'listening');
  port = await freePort();
  guard = await guardUi(port, uiPort);
});
beforeEach(() => (asked = []));
afterAll(() => {
  for (const server of [ui, guard]) server.close();
});

/** `fetch` does not let a caller choose the host. */
async function post(headers: Record<string, string>): Promise<{ status?: number; body: string }> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/api?x=1',
    headers,
    agent: false,
  });
  outgoing.end('a body');
  const answered = new Promise<{ status?: number; body: string }>((resolve) => {
    outgoing.on('response', (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
  return answered;
}

describe('the guard of the Temporal UI', () => {
  it.each([
    ['127.0.0.1:8233', undefined],
    ['localhost:9999', 'http://localhost:9999'],
    ['[::1]:8233', 'http://[::1]:8233'],
  ])('forwards a request with the host %s from the origin %s', async (Host, Origin) => {
    expect(await post({ Host, ...(Origin && { Origin }) })).toEqual({ status: 201, body: 'the UI' });
    expect(asked).toEqual(['POST /api?x=1 a body']);
  });

  it.each([
    ['evil.example:8233', undefined],
    ['127.0.0.1.evil.example:8233', undefined],
    ['127.0.0.1:8233', 'https://evil.example'],
    ['127.0.0.1:8233', 'null'],
  ])('rejects the host "%s" with the origin %s', async (Host, Origin) => {
    expect(await post({ Host, ...(Origin && { Origin }) })).toMatchObject({ status: 403 });
    expect(asked).toEqual([]);
  });

  it('returns 502 while the UI does not respond, and keeps running', async () => {
    const lonely = await guardUi(await freePort(), await freePort());
    const address = lonely.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;

    expect((await fetch(url)).status).toBe(502);
    expect((await fetch(url)).status).toBe(502);

    lonely.close();
  });

  it.each(['Trailer: Expires', 'TE: trailers', 'Connection: upgrade\r\nUpgrade: websocket'])(
    'forwards no header about the connection, and keeps running: %j',
    async (header) => {
      const client = await openBareClient(`http://127.0.0.1:${port}`);
      client.send(`GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
      expect(await client.until(/the UI/)).toMatch(/^HTTP\/1.1 201 /);
      client.leave();
    },
  );

  it('cuts a response that the UI has not finished', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/cut`);
    await expect(response.text()).rejects.toThrow(/terminated/);
  });
});
