import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Middleware } from '../http/state';

/** What a client or a proxy may give: enough for UUIDs and trace ids, nothing that could forge a log line. */
const SANE = /^[\w.:-]{1,128}$/;

/** The request's own id where it is sane, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}

/** Every answer carries `X-Request-Id`. */
export const requestId: Middleware = async (ctx, next) => {
  const id = requestIdOf(ctx.req.headers);
  ctx.state.requestId = id;
  ctx.set('X-Request-Id', id);
  await next();
};
