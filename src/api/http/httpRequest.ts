import type { NetworkOf } from './clientNetwork';
import type { HttpRequest } from './endpoint';
import type { ApiContext } from './state';

/** The request as handlers see it. The signal is made only if a handler asks for it. */
export function toHttpRequest(
  ctx: ApiContext,
  { networkOf, stopping }: { networkOf: NetworkOf; stopping: AbortSignal },
): HttpRequest {
  let closed: AbortSignal | undefined;
  return {
    method: ctx.method,
    path: ctx.path,
    network: networkOf(ctx.req),
    headers: ctx.req.headers,
    get closed() {
      closed ??= closedSignal(ctx, stopping);
      return closed;
    },
  };
}

function closedSignal(ctx: ApiContext, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  if (ctx.res.closed) gone.abort();
  ctx.res.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}
