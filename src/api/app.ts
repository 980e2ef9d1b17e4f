import type { RequestListener } from 'node:http';
import Koa from 'koa';
import { version } from '../../package.json';
import { adminCatalogueRoutes } from './catalogue/adminRoutes';
import { adminReconciliationRoutes } from './reconciliation/routes';
import { showCancellationRoutes } from './cancellations/show/routes';
import { staffRoutes } from './accounts/staff/routes';
import { venueRoutes } from './catalogue/venues/routes';
import { accountRoutes } from './accounts/accountRoutes';
import { authRoutes } from './accounts/routes';
import { catalogueRoutes } from './catalogue/routes';
import { createSeatMapLane } from './catalogue/seatMapLane';
import type { ApiDependencies } from './dependencies';
import { drawRoutes } from './openings/routes';
import { shareWithOrigins } from './edge/cors';
import type { Endpoint } from './http/endpoint';
import { createLanes } from './edge/lanes';
import { shareRequests } from './edge/requestShares';
import { createRouter, refuseUnknown } from './edge/router';
import type { RequestState } from './http/state';
import { accessLog } from './edge/accessLog';
import { answerProblems } from './edge/problems';
import { requestId } from './edge/requestId';
import { securityHeaders } from './edge/securityHeaders';
import { createPollLane } from './queue/pollLane';
import { queueRoutes } from './queue/routes';
import { saleRoutes } from './sale';
import { docsRoutes } from './service/docs';
import { serviceRoutes } from './service/routes';
import { checkInRoutes } from './tickets/checkInRoutes';
import { ticketRoutes } from './tickets/routes';

/** Every endpoint of the service. Each resource adds its list. */
export function createEndpoints(dependencies: ApiDependencies): Endpoint[] {
  const resources = [
    ...authRoutes(dependencies),
    ...accountRoutes(dependencies),
    ...queueRoutes(dependencies),
    ...catalogueRoutes(dependencies),
    ...drawRoutes(dependencies),
    ...staffRoutes(dependencies),
    ...venueRoutes(dependencies),
    ...adminCatalogueRoutes(dependencies),
    ...adminReconciliationRoutes(dependencies),
    ...showCancellationRoutes(dependencies),
    ...saleRoutes(dependencies),
    ...ticketRoutes(dependencies),
    ...checkInRoutes(dependencies),
    ...serviceRoutes(dependencies),
  ];
  return [...resources, ...docsRoutes(resources, version)];
}

/** The edge around the endpoints. A request passes these parts from top to bottom. */
export function createListener(
  dependencies: ApiDependencies,
  endpoints: readonly Endpoint[],
): RequestListener {
  const { logger, sampler, metrics, seatMaps, settings, authenticate, admission } = dependencies;
  const { requestLimits: limits, networkOf, bounds } = dependencies;
  const router = createRouter(endpoints, dependencies);
  const app = new Koa<RequestState>();
  // Only errors after the headers are sent come here, for example when a client leaves during a stream.
  app.on('error', (error: Error) => logger.debug({ err: error }, 'response was cut'));
  app.use(requestId);
  app.use(accessLog(logger, sampler, metrics));
  app.use(securityHeaders);
  app.use(answerProblems(logger, sampler));
  app.use(router.routes());
  app.use(refuseUnknown(router, limits));
  const handle = app.callback();
  const lanes = [
    createSeatMapLane({ seatMaps, limits }),
    createPollLane({ authenticate, admission, limits }),
  ];
  const answer = createLanes(lanes, metrics, (request, response) => void handle(request, response));
  const shared = shareRequests(answer, {
    bounds: bounds.requests,
    networkOf,
    onRefused: () => metrics.refused('requests'),
  });
  return shareWithOrigins(shared, settings.CORS_ORIGINS);
}
