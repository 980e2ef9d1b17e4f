import type { IncomingHttpHeaders } from 'node:http';
import type { EffectKind } from './effects';
import type { Validation } from './validation';

/** 1 to 255 printable ASCII characters (REST contract, Conventions). */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** Which of these headers an endpoint takes. */
export interface TakenHeaders {
  /** Takes `Idempotency-Key`. Every POST does, unless it gives a reason not to. */
  effect?: EffectKind | undefined;
  /** Takes the queue token from the field `queueToken` of the body or from the header `X-Queue-Token`. */
  queueToken?: boolean;
}

/** The headers that handlers use. They are undefined if the endpoint does not take them. */
export interface RequestHeaders {
  idempotencyKey: string | undefined;
  /** From the field `queueToken` of the body or else the header `X-Queue-Token`. Not verified yet. */
  queueToken: string | undefined;
}

export function readHeaders(
  takes: TakenHeaders,
  headers: IncomingHttpHeaders,
  body: unknown,
  validation: Validation,
): RequestHeaders {
  return {
    idempotencyKey: takes.effect ? readIdempotencyKey(headers, validation) : undefined,
    queueToken: takes.queueToken ? readQueueToken(headers, body) : undefined,
  };
}

function readIdempotencyKey(headers: IncomingHttpHeaders, validation: Validation): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  validation.add({ path: 'Idempotency-Key', message: '1 to 255 printable ASCII characters' });
  return undefined;
}

function readQueueToken(headers: IncomingHttpHeaders, body: unknown): string | undefined {
  if (
    typeof body === 'object' &&
    body !== null &&
    'queueToken' in body &&
    typeof body.queueToken === 'string'
  ) {
    return body.queueToken;
  }
  const header = headers['x-queue-token'];
  return typeof header === 'string' ? header : undefined;
}
