import type { Answer, Endpoint } from './endpoint';
import type { ApiContext } from './state';

/** Writes a handler's answer. Plain objects become JSON; text, bytes and streams are sent as they are. */
export function sendAnswer(ctx: ApiContext, endpoint: Endpoint, answer: Answer): void {
  ctx.status = answer.status;
  if (answer.headers) ctx.set({ ...answer.headers });
  if (answer.body === undefined) {
    ctx.body = null;
    return;
  }
  const type = answer.headers?.['Content-Type'] ?? endpoint.responses[answer.status]?.contentType;
  ctx.set('Content-Type', type ?? 'application/json');
  ctx.body = answer.body;
}
