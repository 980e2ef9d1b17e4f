import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Middleware } from '../http/state';

/** The ids that a client or a proxy may send. They suffice for UUIDs and trace ids, and cannot forge a log line. */
const SANE = /^[\w.:-]{1,128}$/;

/** Returns the id that the request carries if it is safe, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}

/** Every response carries `X-Request-Id`. */
export const requestId: Middleware = async (ctx, next) => {
  const id = requestIdOf(ctx.req.headers);
  ctx.state.requestId = id;
  ctx.set('X-Request-Id', id);
  await next();
};
