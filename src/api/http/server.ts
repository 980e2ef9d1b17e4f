import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { Problem } from '../../domain/problems';
import { problemAnswer } from '../problems/document';

export interface HttpServer {
  /** With the port that was really taken: `http://127.0.0.1:3000`. */
  readonly url: string;
  /**
   * Accepts no more requests, waits for those under way, at most `deadlineMs`, then cuts what is left.
   * Event streams must be ended by their owners first.
   */
  stop(deadlineMs: number): Promise<void>;
}

const IDLE_CHECK_MS = 50;

/**
 * Listens. Timeouts bound what a slow or silent client can hold: 10 s for headers, 30 s for a request, 65 s
 * for an idle connection (longer than the 60 s of common load balancers, so that they close first).
 *
 * @param port 0 takes any free one
 * @throws what `listen` raises, such as EADDRINUSE
 */
export async function startServer(
  listener: RequestListener,
  host: string,
  port: number,
): Promise<HttpServer> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 });
  let stopping = false;
  server.on('request', (request, response) => {
    // A kept connection would hold the shutdown up until its client leaves.
    if (stopping) response.setHeader('Connection', 'close');
    listener(request, response);
  });
  // RFC 9110, 10.1.1: an expectation that is not understood may be ignored.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuse(socket, clientProblem(error.code)),
  );
  server.on('connect', (_request, socket) => {
    refuse(socket, new Problem('method-not-allowed', 'This service is no proxy.'));
  });
  await listen(server, host, port);
  return {
    url: urlOf(server, host),
    async stop(deadlineMs) {
      stopping = true;
      const closed = new Promise((resolve) => void server.close(resolve));
      // A client that keeps its connection after the answer that was under way holds nothing up.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
      const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not on a TCP port');
  const { port } = address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request-timeout', 'The request took too long.');
  return new Problem('malformed-request', 'The request is not well-formed HTTP.');
}

/** Answers on the bare socket, where there is no request to answer. */
function refuse(socket: Duplex, problem: Problem): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const answer = problemAnswer(problem, '/');
  const headers = {
    ...answer.headers,
    'X-Request-Id': randomUUID(),
    'Content-Length': String(Buffer.byteLength(answer.body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  socket.end([status, ...lines, '', answer.body].join('\r\n'));
}
