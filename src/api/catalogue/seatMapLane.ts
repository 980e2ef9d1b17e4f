import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { addressOf, networkOf } from '../http/clientNetwork';
import { rateLimitHeaders } from '../http/rateLimit';
import { requestIdOf } from '../middleware/requestId';
import { SECURITY_HEADERS } from '../middleware/securityHeaders';
import type { RateLimits } from '../../redis/rateLimits';
import { answerSeatMap, type SeatMapAnswer } from './seatMapAnswer';
import type { HttpMetrics } from '../service/metrics';
import type { SeatMaps } from './seatMaps';

const ROUTE = '/v1/schedules/{scheduleId}/seats';
const PATH = /^\/v1\/schedules\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/seats$/;

export interface SeatMapLaneDependencies {
  seatMaps: SeatMaps;
  limits: RateLimits;
  metrics: HttpMetrics;
  /** How many proxies are believed about who asks. */
  trustedProxies: number;
}

/**
 * A lane around the framework for the one request that everybody repeats: reading a seat map without a login.
 * Router, middleware and validation cost several times the answer itself. Whatever is not plain (an unknown
 * schedule, a refusal, a failure) goes the ordinary way through `otherwise`, where the endpoint is defined; both
 * give the same answer. Answers are counted, and not logged: at thousands a second their lines would say nothing and
 * cost more than the answers.
 */
export function createSeatMapLane(
  { seatMaps, limits, metrics, trustedProxies }: SeatMapLaneDependencies,
  otherwise: RequestListener,
): RequestListener {
  /** undefined where only the ordinary way can answer. */
  async function prepare(scheduleId: string, request: IncomingMessage): Promise<SeatMapAnswer | undefined> {
    try {
      const state = await limits.consume('seat-map', networkOf(addressOf(request, trustedProxies)));
      if (state && !state.allowed) return undefined;
      const map = await seatMaps.find(scheduleId);
      if (!map) return undefined;
      const answer = await answerSeatMap(map, request.headers);
      if (state) Object.assign(answer.headers, rateLimitHeaders(state));
      return answer;
    } catch {
      return undefined;
    }
  }

  async function serve(
    scheduleId: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const startedAt = performance.now();
    const answer = await prepare(scheduleId, request);
    if (!answer) {
      otherwise(request, response);
      return;
    }
    const { status } = answer;
    response.once('close', () => {
      metrics.observe({ method: 'GET', route: ROUTE, status, milliseconds: performance.now() - startedAt });
    });
    const body = answer.status === 200 ? answer.body : undefined;
    response.writeHead(status, {
      'X-Request-Id': requestIdOf(request.headers),
      ...SECURITY_HEADERS,
      ...answer.headers,
      ...(body && { 'Content-Type': 'application/json', 'Content-Length': body.length }),
    });
    response.end(body);
  }

  return (request, response) => {
    const isPlain = request.method === 'GET' && request.headers.authorization === undefined;
    const scheduleId = isPlain ? PATH.exec(request.url ?? '')?.[1] : undefined;
    if (scheduleId === undefined) otherwise(request, response);
    else void serve(scheduleId, request, response);
  };
}
