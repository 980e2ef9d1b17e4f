import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';

/**
 * The host names under which an operator's browser on this machine may call the UI, also through a tunnel that ends
 * here.
 */
const OWN_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

const TIMEOUT_MS = 60_000;

/**
 * Headers of a single connection, which a proxy must not forward (RFC 9110, 7.6.1). If Node has to send some of them,
 * such as `Trailer`, it throws an error that no code can catch, and that would stop everything.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * A guard in front of the UI of the embedded Temporal, on the loopback. The UI checks a token against forged
 * requests, but it does not check the host name of the request. With DNS rebinding, a web page can point its own name
 * to 127.0.0.1. It could then get such a token, and start or end workflows with it. So the guard rejects requests
 * with another host or from another origin.
 *
 * @param uiPort where the UI itself listens
 */
export async function guardUi(port: number, uiPort: number): Promise<Server> {
  const server = createServer((incoming, response) => {
    if (!isOwn(incoming)) {
      response.writeHead(403, { 'Content-Type': 'text/plain' });
      response.end('The Temporal UI is available only at http://127.0.0.1 and http://localhost.\n');
      return;
    }
    passOn(incoming, response, uiPort);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return server;
}

function isOwn({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers;
  return isOwnUrl(`http://${host}`) && (origin === undefined || isOwnUrl(origin));
}

function isOwnUrl(url: string): boolean {
  return URL.canParse(url) && OWN_HOSTS.has(new URL(url).hostname);
}

function passOn(incoming: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path } = incoming;
  const headers = withoutHopByHop(incoming.headers);
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, timeout: TIMEOUT_MS });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // Unlike `pipe`, `pipeline` cuts the browser's response if the UI ends in the middle of it.
    pipeline(answer, response, () => undefined);
  });
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end('The Temporal UI does not respond.\n');
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
