import type { Context } from 'koa';
import type { z } from 'zod';
import type { RouterContext } from '@koa/router';
import type { Refusal } from '../src/gateways/sandbox/protocol';

/** Rejects a call. */
export function refuse(ctx: Context, status: number, error: string, message: string): void {
  ctx.status = status;
  ctx.body = { error, message } satisfies Refusal;
}

/** Reads a value of a request with a schema. If the value does not match, the response is 400 with every fault. */
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
