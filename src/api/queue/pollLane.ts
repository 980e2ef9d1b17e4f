import type { Authenticate } from '../auth/accessTokens';
import type { Lane, LaneAnswer } from '../http/lanes';
import { rateLimitHeaders } from '../http/rateLimit';
import type { RateLimits } from '../../redis/rateLimits';
import type { AdmissionService } from './admission';

const PATH = '/v1/queue/status';

export interface PollLaneDependencies {
  authenticate: Authenticate;
  admission: Pick<AdmissionService, 'status'>;
  limits: RateLimits;
}

/** Asking where a place stands, with a queue token in the header. */
export function createPollLane({ authenticate, admission, limits }: PollLaneDependencies): Lane {
  async function answer(
    authorization: string | undefined,
    queueToken: string,
  ): Promise<LaneAnswer | undefined> {
    const user = await authenticate('user', authorization);
    if (!user) return undefined;
    const state = await limits.consume('queue-poll', user.userId);
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
    take({ method, url, headers }) {
      const queueToken = headers['x-queue-token'];
      if (method !== 'GET' || url !== PATH || typeof queueToken !== 'string') return undefined;
      return answer(headers.authorization, queueToken);
    },
  };
}
