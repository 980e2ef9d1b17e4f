import type { RequestListener } from 'node:http';
import type { NetworkOf } from '../http/clientNetwork';
import { refuseRequest } from './refusal';
import { createShares, shortageProblem, type ShareBounds } from '../http/shares';

/** Prevents one address from having too many requests under way, also if a proxy forwards them all. */
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
    response.once('close', () => underWay.returnShare(network));
    listener(request, response);
  };
}
