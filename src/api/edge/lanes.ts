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

/** A way around the framework for one endpoint, as far as its answer is plain. */
export interface Lane {
  /** The endpoint's method and path template. */
  method: string;
  route: string;
  /**
   * Undefined for a request of another endpoint. What resolves to undefined, or rejects, goes the ordinary way, where
   * the endpoint is defined and problems are told.
   */
  take(request: IncomingMessage): Promise<LaneAnswer | undefined> | undefined;
}

const SECURITY_PAIRS = Object.entries(SECURITY_HEADERS).flat();

/**
 * Lanes around the framework for the few requests that whole crowds repeat. Router, middleware and validation cost
 * several times such an answer itself. Both ways give the same answer, but a lane's are counted and not logged: at
 * thousands a second their lines would say nothing, and cost much of what is saved.
 */
export function createLanes(
  lanes: readonly Lane[],
  metrics: HttpMetrics,
  otherwise: RequestListener,
): RequestListener {
  return (request, response) => {
    const startedAt = performance.now();
    // What a lane takes has no body; the endpoint says what is wrong with one.
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
    // As in the access log: also where the client left before the last byte.
    response.once('close', () => {
      metrics.observe({ method, route, status, milliseconds: performance.now() - taken.startedAt });
    });
    // As a list, which Node writes as it is.
    const list = [...SECURITY_PAIRS, 'X-Request-Id', requestIdOf(request.headers)];
    for (const [name, value] of Object.entries(headers)) list.push(name, value);
    // The list takes the place of what was set before, and CORS has set one header that a lane sets as well.
    const vary = response.getHeader('Vary');
    if (typeof vary === 'string') list.push('Vary', headers['Vary'] ? `${vary}, ${headers['Vary']}` : vary);
    if (body !== undefined) {
      list.push('Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body)));
    }
    response.writeHead(status, list);
    response.end(body);
  }
}
