import type { Context } from 'koa';
import type { z } from 'zod';
import type { RouterContext } from '@koa/router';
import type { Refusal } from '../src/gateways/sandbox/protocol';

/** Refuses a call. */
export function refuse(ctx: Context, status: number, error: string, message: string): void {
  ctx.status = status;
  ctx.body = { error, message } satisfies Refusal;
}

/** What a schema reads from a request; 400 with every fault where it does not. */
export function parse<Schema extends z.ZodType>(
  ctx: RouterContext,
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return ctx.throw(400, faults.join('; '));
}
