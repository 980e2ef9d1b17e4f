import type { Middleware as KoaMiddleware, ParameterizedContext } from 'koa';
import type { ProblemSlug } from '../../domain/problems';
import type { Caller } from './endpoint';

/** What the edge notes about a request while it goes through. */
export interface RequestState {
  requestId: string;
  /** The path of the endpoint that took it, as OpenAPI writes it; none for an unknown path. */
  route?: string;
  user?: Caller;
  /** The problem that it was answered with. */
  problem?: ProblemSlug;
  /** Machines ask this all the time, and no limit counts them. */
  isProbe?: boolean;
}

export type ApiContext = ParameterizedContext<RequestState>;
export type Middleware = KoaMiddleware<RequestState>;
