import type { IncomingMessage } from 'node:http';
import type { Authenticate } from '../accounts/accessTokens';
import type { Lane, LaneAnswer } from '../edge/lanes';
import { rateLimitHeaders, type RequestLimits } from '../edge/rateLimit';
import type { AdmissionService } from './admission';

const PATH = '/v1/queue/status';

export interface PollLaneDependencies {
  authenticate: Authenticate;
  admission: Pick<AdmissionService, 'status'>;
  limits: RequestLimits;
}

/** The lane for asking about the state of a place, with a queue token in the header. */
export function createPollLane({ authenticate, admission, limits }: PollLaneDependencies): Lane {
  async function answer(request: IncomingMessage, queueToken: string): Promise<LaneAnswer | undefined> {
    const user = await authenticate('user', request.headers.authorization);
    if (!user) return undefined;
    const state = await limits.count(request, 'queue-poll', user);
    if (state && !state.allowed) return undefined;
    const queue = await admission.status({ token: queueToken, userId: user.userId });
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store', ...(state && rateLimitHeaders(state)) },
      body: JSON.stringify({ queue }),
    };
  }

  return {
    method: 'GET',
    route: PATH,
    take(request) {
      const queueToken = request.headers['x-queue-token'];
      if (request.method !== 'GET' || request.url !== PATH || typeof queueToken !== 'string')
        return undefined;
      return answer(request, queueToken);
    },
  };
}
