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
import { cutSoon, refuseRequest, refuseSocket } from './refusal';
import { createShares, type ShareBounds } from '../http/shares';

export interface HttpServer {
  /** With the port that was really taken: `http://127.0.0.1:3000`. */
  readonly url: string;
  /**
   * Accepts no more requests, waits for those under way, at most `deadlineMs`, then cuts what is left.
   * Event streams must be ended by their owners first.
   */
  stop(deadlineMs: number): Promise<void>;
}

export interface ServerOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** In all, and for each address that connects. One too many is closed without an answer. */
  connections: ShareBounds;
  /** Told of each connection that is closed because there are too many. */
  onDropped?: () => void;
}

const IDLE_CHECK_MS = 50;

/**
 * The limits on a slow or silent client. Node looks for late clients every 30 s by default, and headers that were late by 10 s could take 40.
 */
const TIMEOUTS = {
  connectionsCheckingInterval: 1_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than the 60 s of common load balancers, so that they close first.
  keepAliveTimeout: 65_000,
};

/**
 * Nothing has moved on a connection for so long, in either direction: its client does not read the answer, or sends
 * nothing. Longer than the pauses of an event stream (15 s). A request that the service is working on may take longer.
 */
const SILENCE_MS = 30_000;

/** Their strings are in V8's heap for as long as the request is there: both bound what a connection costs. */
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_HEADERS = 100;

/** Above this share of its connections, the server keeps none for a next request. */
const CROWDED = 3 / 4;

/** Listens. @throws what `listen` raises, such as EADDRINUSE */
export async function startServer(listener: RequestListener, options: ServerOptions): Promise<HttpServer> {
  const { host, port, connections, onDropped } = options;
  const server = createServer({
    ...TIMEOUTS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Ours answers with a problem: see `hostProblem`.
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
    socket.once('close', () => open.giveBack(network));
    // Node would close at once, and a client that is still sending would lose the answer.
    const closeAfterAnswer = socket.destroySoon.bind(socket);
    socket.destroySoon = () => (isUnread(answers.get(socket)) ? cutSoon(socket) : closeAfterAnswer());
  });

  const take = inTurn((request, response) => {
    answers.set(request.socket, response);
    // A kept connection would hold the shutdown up until its client leaves, and others out where there are many.
    if (stopping || open.taken() > connections.total * CROWDED) response.setHeader('Connection', 'close');
    // The rest of the body is not read: its end may be far away.
    response.once('finish', () => isUnread(response) && cutSoon(request.socket));
    const problem = headProblem(request);
    if (problem) refuseRequest(request, response, problem);
    else listener(request, response);
  });
  server.on('request', take);
  // The endpoint asks for the body when it reads it: see `readBytes`.
  server.on('checkContinue', take);
  // RFC 9110, 10.1.1: an expectation that is not understood may be ignored.
  server.on('checkExpectation', take);
  server.on('timeout', (socket: Socket) => {
    if (!isWorkedOn(answers.get(socket))) socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    // In the middle of an answer another one would be read as a part of its body.
    const isAnswering = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isAnswering) socket.destroy();
    else refuseSocket(socket, clientProblem(error.code));
  });
  server.on('connect', (_request, socket) => {
    refuseSocket(socket, new Problem('method-not-allowed', 'This service is no proxy.'));
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

/** A request that is answered before its body is there. */
const isUnread = (response: ServerResponse | undefined): boolean => response?.req.complete === false;

/** The request is there as a whole, and nothing of its answer is. */
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
  // RFC 9112, 3.2: a proxy in between may have read another one of two.
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new Problem('malformed-request', `There are ${hosts} Host headers where one is needed.`);
}

const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request-timeout', 'The request took too long.');
  return new Problem('malformed-request', 'The request is not well-formed HTTP.');
}
