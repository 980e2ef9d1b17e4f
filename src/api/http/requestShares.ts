import type { RequestListener } from 'node:http';
import { Problem } from '../../domain/problems';
import type { NetworkOf } from './clientNetwork';
import { refuseRequest } from '../edge/refusal';
import { createShares, type ShareBounds, type Shortage } from './shares';

/** The problem for a client that holds its whole share, or for any client where nothing is left. */
export function shortageProblem(shortage: Shortage, what: string, retryAfter: number): Problem {
  return shortage === 'none-left'
    ? new Problem('temporarily-unavailable', `Too many ${what} at once.`, { retryAfter })
    : new Problem('rate-limited', `Too many ${what} of one client at once.`, { retryAfter });
}

/** Keeps one address from having too many requests under way, also where a proxy brings them all. */
export function shareRequests(
  listener: RequestListener,
  options: { bounds: ShareBounds; networkOf: NetworkOf; onRefused: () => void },
): RequestListener {
  const { bounds, networkOf, onRefused } = options;
  const underWay = createShares(bounds);
  return (request, response) => {
    const network = networkOf(request);
    const shortage = underWay.take(network);
    if (shortage) {
      onRefused();
      refuseRequest(request, response, shortageProblem(shortage, 'requests', 1));
      return;
    }
    response.once('close', () => underWay.giveBack(network));
    listener(request, response);
  };
}
