import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Problem } from '../../domain/problems';
import { hasBody } from '../http/bodyPresence';
import { requestIdOf } from './requestId';
import { SECURITY_HEADERS } from './securityHeaders';
import { problemAnswer, type ProblemAnswer } from '../problems/document';

/** How long a client that goes on sending may read the response before the server cuts its connection. */
const LINGER_MS = 500;

/** Responds to a request with a problem before the framework has seen the request. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const [path = '/'] = (request.url ?? '/').split('?');
  const answer = problemAnswer(problem, path);
  if (hasBody(request.headers) && !request.complete) response.setHeader('Connection', 'close');
  response.writeHead(answer.status, headersOf(answer, requestIdOf(request.headers)));
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

/** Responds on the bare socket, if there is no request to respond to, and cuts the connection. */
export function refuseSocket(socket: Duplex, problem: Problem): void {
  const answer = problemAnswer(problem, '/');
  const headers = { ...headersOf(answer, randomUUID()), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  if (socket.writable) socket.end([status, ...lines, '', answer.body].join('\r\n'));
  closeSoon(socket);
}

/**
 * Cuts the connection of a client that got its response before it had sent its whole request. The server reads no more
 * of the request. Meanwhile the client may read the response. If the server cut the connection while data was on its
 * way, the client would lose the response (RFC 9112, 9.6).
 */
export function closeSoon(socket: Duplex): void {
  if (socket.writable) socket.end();
  // This runs after Node has begun to read and discard the rest.
  setImmediate(() => socket.pause());
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function headersOf({ headers, body }: ProblemAnswer, requestId: string): Record<string, string> {
  return {
    ...headers,
    'X-Request-Id': requestId,
    ...SECURITY_HEADERS,
    'Content-Length': String(Buffer.byteLength(body)),
  };
}
