import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Problem } from '../../domain/problems';
import { hasBody } from '../http/bodyPresence';
import { requestIdOf } from './requestId';
import { SECURITY_HEADERS } from './securityHeaders';
import { problemAnswer, type ProblemAnswer } from '../problems/document';

/** How long a client may read the answer before its connection is cut, where it goes on sending. */
const LINGER_MS = 500;

/** Answers a request with a problem before the framework has seen it. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const [path = '/'] = (request.url ?? '/').split('?');
  const answer = problemAnswer(problem, path);
  if (hasBody(request.headers) && !request.complete) response.setHeader('Connection', 'close');
  response.writeHead(answer.status, headersOf(answer, requestIdOf(request.headers)));
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

/** Answers on the bare socket, where there is no request to answer, and cuts the connection. */
export function refuseSocket(socket: Duplex, problem: Problem): void {
  const answer = problemAnswer(problem, '/');
  const headers = { ...headersOf(answer, randomUUID()), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  if (socket.writable) socket.end([status, ...lines, '', answer.body].join('\r\n'));
  cutSoon(socket);
}

/**
 * Cuts the connection of a client that was answered before it had sent its whole request. No more of it is read. The
 * client may read the answer meanwhile: a connection that is cut with data on its way loses it (RFC 9112, 9.6).
 */
export function cutSoon(socket: Duplex): void {
  if (socket.writable) socket.end();
  // After Node has begun to read the rest and throw it away.
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
