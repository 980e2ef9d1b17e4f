import Koa from 'koa';
import type { ApiDependencies } from './dependencies';
import type { Endpoint } from './http/endpoint';
import { createRouter, refuseUnknown } from './http/router';
import type { RequestState } from './http/state';
import { accessLog } from './middleware/accessLog';
import { answerProblems } from './middleware/problems';
import { requestId } from './middleware/requestId';
import { securityHeaders } from './middleware/securityHeaders';

/** Every endpoint of the service; each resource brings its list. */
export function createEndpoints(_dependencies: ApiDependencies): Endpoint[] {
  return [];
}

/** The Koa app: the edge around the router. A request passes these from the top down. */
export function createApp(dependencies: ApiDependencies): Koa<RequestState> {
  const { logger, metrics } = dependencies;
  const router = createRouter(createEndpoints(dependencies), dependencies);
  const app = new Koa<RequestState>();
  // Only what happens after the headers are out comes here, such as a client that left during a stream.
  app.on('error', (error: Error) => logger.debug({ err: error }, 'answer was cut'));
  app.use(requestId);
  app.use(accessLog(logger, metrics));
  app.use(securityHeaders());
  app.use(answerProblems(logger));
  app.use(router.routes());
  app.use(refuseUnknown(router));
  return app;
}
