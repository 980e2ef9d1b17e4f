import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../../domain/problems';
import { networkOf } from '../http/clientNetwork';
import { inTurn } from './inTurn';
import { closeSoon, refuseRequest, refuseSocket } from './refusal';
import { createShares, type ShareBounds } from '../http/shares';

export interface HttpServer {
  /** With the port that the server really uses: `http://127.0.0.1:3000`. */
  readonly url: string;
  /**
   * Accepts no more requests, waits at most `deadlineMs` for those under way, then cuts what is left. The owners of
   * event streams must end them first.
   */
  stop(deadlineMs: number): Promise<void>;
}

export interface ServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /**
   * The limits in total, and for each address that connects. The server closes a connection above a limit without a
   * response.
   */
  connections: ShareBounds;
  /** Called for each connection that the server closes because there are too many. */
  onDropped?: () => void;
}

const IDLE_CHECK_MS = 50;

/**
 * The limits on a slow or silent client. By default, Node looks for late clients only every 30 s. Headers with a limit
 * of 10 s could then take 40 s.
 */
const TIMEOUTS = {
  connectionsCheckingInterval: 1_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than the 60 s of common load balancers, so that they close first.
  keepAliveTimeout: 65_000,
};

/**
 * The server closes a connection if nothing has moved on it for this long, in either direction. Its client does not
 * read the response, or sends nothing. The time is longer than the pauses of an event stream (15 s). A request that the
 * service is working on may take longer.
 */
const SILENCE_MS = 30_000;

/**
 * V8 keeps the strings of the headers in its heap for as long as the request exists. Both limits bound what a
 * connection costs.
 */
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_HEADERS = 100;

/**
 * Parts of the edge, Koa and its pipeline wait for the end of a response, at an event stream eleven of them. Node would
 * log a warning for each response with more than ten.
 */
const MOST_LISTENERS = 20;

/** Above this share of its connections, the server keeps no connection open for a next request. */
const CROWDED = 3 / 4;

/** Starts to listen. @throws what `listen` raises, such as EADDRINUSE */
export async function startServer(listener: RequestListener, options: ServerOptions): Promise<HttpServer> {
  const { host, port, connections, onDropped } = options;
  const server = createServer({
    ...TIMEOUTS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The server checks this header itself and responds with a problem: see `headProblem`.
    requireHostHeader: false,
  });
  server.timeout = SILENCE_MS;
  server.maxHeadersCount = MAX_HEADERS;
  const answers = new WeakMap<Duplex, ServerResponse>();
  const open = createShares(connections);
  let stopping = false;

  server.on('connection', (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (open.take(network)) {
      socket.destroy();
      onDropped?.();
      return;
    }
    socket.once('close', () => open.returnShare(network));
    // Node would close at once, and a client that is still sending would lose the response.
    const closeAfterAnswer = socket.destroySoon.bind(socket);
    socket.destroySoon = () => (isUnread(answers.get(socket)) ? closeSoon(socket) : closeAfterAnswer());
  });

  const take = inTurn((request, response) => {
    answers.set(request.socket, response);
    response.setMaxListeners(MOST_LISTENERS);
    // A kept connection would delay the shutdown until its client leaves. If there are many, it would also keep other
    // clients out.
    if (stopping || open.taken() > connections.total * CROWDED) response.setHeader('Connection', 'close');
    // The server does not read the rest of the body: its end may be far away.
    response.once('finish', () => isUnread(response) && closeSoon(request.socket));
    const problem = headProblem(request);
    if (problem) refuseRequest(request, response, problem);
    else listener(request, response);
  });
  server.on('request', take);
  // The endpoint asks for the body when it reads it: see `readBytes`.
  server.on('checkContinue', take);
  // The server may ignore an expectation that it does not understand (RFC 9110, 10.1.1).
  server.on('checkExpectation', take);
  server.on('timeout', (socket: Socket) => {
    if (!isWorkedOn(answers.get(socket))) socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    // In the middle of a response, the client would read a second response as a part of the first body.
    const isAnswering = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isAnswering) socket.destroy();
    else refuseSocket(socket, clientProblem(error.code));
  });
  server.on('connect', (_request, socket) => {
    refuseSocket(socket, new Problem('method-not-allowed', 'This service is not a proxy.'));
  });

  await listen(server, host, port);
  return {
    url: urlOf(server, host),
    async stop(deadlineMs) {
      stopping = true;
      const closed = new Promise((resolve) => void server.close(resolve));
      // A client that keeps its connection after its last response must not delay the stop.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
      const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

/** Whether the response comes before the body of the request is complete. */
const isUnread = (response: ServerResponse | undefined): boolean => response?.req.complete === false;

/** Whether the request is complete and its response has not begun. */
const isWorkedOn = (response: ServerResponse | undefined): boolean =>
  response?.req.complete === true && !response.headersSent;

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

function headProblem({ rawHeaders, httpVersion }: IncomingMessage): Problem | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    return new Problem('headers-too-large', `There are more than ${MAX_HEADERS} headers.`);
  }
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && isHost(name)).length;
  // If there are two, a proxy in between may have read the other one (RFC 9112, 3.2).
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new Problem('malformed-request', `There are ${hosts} Host headers, but one is needed.`);
}

const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request-timeout', 'The request took too long.');
  return new Problem('malformed-request', 'The request is not well-formed HTTP.');
}
