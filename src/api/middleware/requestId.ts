import { randomUUID } from 'node:crypto';
import type { Middleware } from '../http/state';

/** What a client or a proxy may give: enough for UUIDs and trace ids, nothing that could forge a log line. */
const SANE = /^[\w.:-]{1,128}$/;

/** Every answer carries `X-Request-Id`: the request's own where it is sane, else a new one. */
export const requestId: Middleware = async (ctx, next) => {
  const given = ctx.req.headers['x-request-id'];
  const id = typeof given === 'string' && SANE.test(given) ? given : randomUUID();
  ctx.state.requestId = id;
  ctx.set('X-Request-Id', id);
  await next();
};
