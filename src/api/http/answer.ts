import type { Answer, Endpoint } from './endpoint';
import type { ApiContext } from './state';

/** Writes the response of a handler. Plain objects become JSON; text, bytes and streams are sent as they are. */
export function sendAnswer(ctx: ApiContext, endpoint: Endpoint, answer: Answer): void {
  ctx.status = answer.status;
  const { Vary: vary, ...headers } = answer.headers ?? {};
  ctx.set(headers);
  // CORS has already named `Origin` there.
  if (vary) ctx.vary(vary);
  if (isPersonal(endpoint)) ctx.set('Cache-Control', 'no-store');
  if (answer.body === undefined) {
    ctx.body = null;
    return;
  }
  const type = answer.headers?.['Content-Type'] ?? endpoint.responses[answer.status]?.contentType;
  ctx.set('Content-Type', type ?? 'application/json');
  ctx.body = answer.body;
}

/**
 * A public GET is the same for every client, and each endpoint says how long a cache may keep it. Every other response
 * is personal.
 */
function isPersonal({ access, method }: Endpoint): boolean {
  return access !== 'public' || method !== 'GET';
}
