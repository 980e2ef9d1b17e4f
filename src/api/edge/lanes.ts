import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { requestIdOf } from './requestId';
import { SECURITY_HEADERS } from './securityHeaders';
import type { HttpMetrics } from './metrics';
import { hasBody } from '../http/bodyPresence';

export interface LaneAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body?: string | Buffer | undefined;
}

/** A way around the framework for the plain responses of one endpoint. */
export interface Lane {
  /** The endpoint's method and path template. */
  method: string;
  route: string;
  /**
   * Returns undefined for a request to another endpoint. If the promise resolves to undefined or rejects, the request
   * takes the ordinary way. There the endpoint is defined and problems are reported.
   */
  take(request: IncomingMessage): Promise<LaneAnswer | undefined> | undefined;
}

const SECURITY_PAIRS = Object.entries(SECURITY_HEADERS).flat();

/**
 * Lanes around the framework for the few requests that whole crowds repeat. For these, router, middleware and
 * validation cost several times as much as the response itself. Both ways give the same response. But the service only
 * counts the responses of a lane and does not log them. At thousands a second, their lines would say nothing and would
 * cost much of what the lane saves.
 */
export function createLanes(
  lanes: readonly Lane[],
  metrics: HttpMetrics,
  otherwise: RequestListener,
): RequestListener {
  return (request, response) => {
    const startedAt = performance.now();
    // A lane takes only requests without a body. The endpoint reports what is wrong with a body.
    for (const lane of hasBody(request.headers) ? [] : lanes) {
      const answer = lane.take(request);
      if (!answer) continue;
      void serve(lane, { answer, startedAt }, request, response);
      return;
    }
    otherwise(request, response);
  };

  async function serve(
    { method, route }: Lane,
    taken: { answer: Promise<LaneAnswer | undefined>; startedAt: number },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const answer = await taken.answer.catch(() => undefined);
    if (!answer) {
      otherwise(request, response);
      return;
    }
    const { status, headers, body } = answer;
    // As in the access log, this also counts a client that left before the last byte.
    response.once('close', () => {
      metrics.observe({ method, route, status, milliseconds: performance.now() - taken.startedAt });
    });
    // The headers are a list, which Node writes as it is.
    const list = [...SECURITY_PAIRS, 'X-Request-Id', requestIdOf(request.headers)];
    for (const [name, value] of Object.entries(headers)) list.push(name, value);
    // The list replaces the headers that were set before. CORS has set one header that a lane sets too.
    const vary = response.getHeader('Vary');
    if (typeof vary === 'string') list.push('Vary', headers['Vary'] ? `${vary}, ${headers['Vary']}` : vary);
    if (body !== undefined) {
      list.push('Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body)));
    }
    response.writeHead(status, list);
    response.end(body);
  }
}
