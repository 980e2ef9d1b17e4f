import type { Middleware as KoaMiddleware, ParameterizedContext } from 'koa';
import type { ProblemSlug } from '../../domain/problems';
import type { Caller } from './endpoint';

/** What the edge records about a request on its way through. */
export interface RequestState {
  requestId: string;
  /** The path of the endpoint that took the request, as OpenAPI writes it. Undefined for an unknown path. */
  route?: string;
  user?: Caller;
  /** The problem in its response. */
  problem?: ProblemSlug;
  /** Machines poll this endpoint all the time, and no limit counts these requests. */
  isProbe?: boolean;
}

export type ApiContext = ParameterizedContext<RequestState>;
export type Middleware = KoaMiddleware<RequestState>;
