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

/** How an operator's browser on this machine may call the UI, also by a tunnel that ends here. */
const OWN_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

const TIMEOUT_MS = 60_000;

/**
 * Headers about one connection, which no proxy hands on (RFC 9110, 7.6.1). Node throws where nobody can catch it when it is to
 * send some of them, such as `Trailer`, and that would stop everything.
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
 * Stands before the UI of the embedded Temporal, on the loopback. The UI asks for a token against forged requests, but not
 * for the host under which it is called: a web page whose name is made to lead to 127.0.0.1 (DNS rebinding) could get such a
 * token, and start or end workflows with it. So requests under another host, or from another origin, are refused here.
 *
 * @param uiPort where the UI itself listens
 */
export async function guardUi(port: number, uiPort: number): Promise<Server> {
  const server = createServer((incoming, response) => {
    if (!isOwn(incoming)) {
      response.writeHead(403, { 'Content-Type': 'text/plain' });
      response.end('The Temporal UI answers under http://127.0.0.1 and http://localhost only.\n');
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
    // Unlike `pipe`, it cuts the answer of a browser where the UI has gone in the middle of it.
    pipeline(answer, response, () => undefined);
  });
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end('The Temporal UI does not answer.\n');
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
