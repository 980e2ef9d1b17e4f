import type { Middleware as KoaMiddleware, ParameterizedContext } from 'koa';
import type { Caller } from './endpoint';

/** What the edge notes about a request while it goes through. */
export interface RequestState {
  requestId: string;
  /** The path of the endpoint that took it, as OpenAPI writes it; none for an unknown path. */
  route?: string;
  user?: Caller;
}

export type ApiContext = ParameterizedContext<RequestState>;
export type Middleware = KoaMiddleware<RequestState>;
