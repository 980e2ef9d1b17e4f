import type { HttpRequest } from './endpoint';
import type { ApiContext } from './state';

/** What handlers see of the request. The signal is made only where somebody asks for it. */
export function toHttpRequest(ctx: ApiContext, stopping: AbortSignal): HttpRequest {
  let closed: AbortSignal | undefined;
  return {
    method: ctx.method,
    path: ctx.path,
    ip: ctx.ip,
    headers: ctx.req.headers,
    get rawBody() {
      return Buffer.from(ctx.request.rawBody ?? '', 'utf8');
    },
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
