import type { IncomingMessage, RequestListener } from 'node:http';
import cors from 'cors';
import { requestIdOf } from './requestId';
import { SECURITY_HEADERS } from './securityHeaders';

/**
 * Headers that a page may send, in addition to those that every page may send (Fetch, "CORS-safelisted
 * request-header").
 */
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Last-Event-ID',
  'X-Queue-Token',
  'X-Request-Id',
];

/**
 * Headers that a page may read, in addition to those that every page may read (Fetch, "CORS-safelisted response-header
 * name").
 */
const RESPONSE_HEADERS = ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'];

/** The longest time that browsers keep the response of a preflight: Chromium 2 h, Firefox 24 h. */
const MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of other origins use the API. Without origins nothing changes. The API uses no cookies: a page sends an
 * access token to show for whom it acts. This function answers preflights before any limit counts them, and they leave
 * no line in the log.
 */
export function shareWithOrigins(listener: RequestListener, origins: readonly string[]): RequestListener {
  if (origins.length === 0) return listener;
  const share = cors({
    origin: [...origins],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: MAX_AGE_SECONDS,
  });
  return (request, response) => {
    const asksForMethods = request.method === 'OPTIONS' && !isPreflight(request);
    if (asksForMethods) {
      listener(request, response);
      return;
    }
    if (isPreflight(request)) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      response.setHeader('X-Request-Id', requestIdOf(request.headers));
    }
    share(request, response, () => listener(request, response));
  };
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}
