import type { IncomingMessage } from 'node:http';
import type { Lane, LaneAnswer } from '../edge/lanes';
import { rateLimitHeaders, type RequestLimits } from '../edge/rateLimit';
import { answerSeatMap } from './seatMapAnswer';
import type { SeatMaps } from './seatMaps';

const PATH = /^\/v1\/schedules\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/seats$/;

export interface SeatMapLaneDependencies {
  seatMaps: SeatMaps;
  limits: RequestLimits;
}

/** The lane for reading a seat map without a login. */
export function createSeatMapLane({ seatMaps, limits }: SeatMapLaneDependencies): Lane {
  async function answer(scheduleId: string, request: IncomingMessage): Promise<LaneAnswer | undefined> {
    const state = await limits.count(request, 'seat-map', undefined);
    if (state && !state.allowed) return undefined;
    const map = await seatMaps.find(scheduleId);
    if (!map) return undefined;
    const found = await answerSeatMap(map, request.headers);
    return state ? { ...found, headers: { ...found.headers, ...rateLimitHeaders(state) } } : found;
  }

  return {
    method: 'GET',
    route: '/v1/schedules/{scheduleId}/seats',
    take(request) {
      if (request.method !== 'GET' || request.headers.authorization !== undefined) return undefined;
      const scheduleId = PATH.exec(request.url ?? '')?.[1];
      return scheduleId === undefined ? undefined : answer(scheduleId, request);
    },
  };
}
