import { Agent, request } from 'undici';
import { unknown, type Unknown } from '../domain/payments/gateway';

/** Large shops allow this much time to connect to their payment gateway. */
const CONNECT_TIMEOUT_MS = 1_000;

export interface Answer {
  status: number;
  body: unknown;
}

export interface AskOptions {
  /** The whole call, from connecting to the last byte. */
  timeoutMs: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/**
 * JSON over HTTP to one server. Each request is sent once. A request without a response is `unknown`; nothing is
 * thrown.
 */
export interface JsonHttp {
  ask(method: 'GET' | 'POST', path: string, options: AskOptions): Promise<Answer | Unknown>;
  close(): Promise<void>;
}

export function createJsonHttp(url: string, authorization: string): JsonHttp {
  // The number of connections has no limit: a request that hangs must not make another one wait for its socket. A
  // timeout destroys its socket, so there are never more sockets than requests of the last seconds.
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  return {
    async ask(method, path, { timeoutMs, headers = {}, body }) {
      try {
        const response = await request(new URL(path, url), {
          method,
          dispatcher: agent,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            authorization,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          body: body === undefined ? null : JSON.stringify(body),
        });
        return { status: response.statusCode, body: await response.body.json() };
      } catch (error) {
        return unknown(nameOf(error));
      }
    },
    close: () => agent.close(),
  };
}

/** `timeout`, or the error code of the transport. Never its message, which can quote what was sent. */
export function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'no-answer';
  if ('name' in error && error.name === 'TimeoutError') return 'timeout';
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no-answer';
}
