import { bodyParser } from '@koa/bodyparser';
import { Problem } from '../../domain/problems';
import type { ApiContext } from './state';

const DEFAULT_BODY_LIMIT = 64 * 1024;

export type BodyReader = (ctx: ApiContext) => Promise<unknown>;

/**
 * Reads a JSON body. No body at all counts as `{}`, for endpoints whose fields are all optional.
 *
 * @param limit in bytes, after decompression
 */
export function createBodyReader(limit: number = DEFAULT_BODY_LIMIT): BodyReader {
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: limit, detectJSON: () => true });
  return async (ctx) => {
    if (!hasBody(ctx)) return {};
    if (!ctx.request.is('json', '+json')) {
      throw new Problem('unsupported-media-type', 'The body must be JSON: Content-Type: application/json.');
    }
    await parse(ctx, done);
    return ctx.request.body;
  };
}

function hasBody(ctx: ApiContext): boolean {
  if (ctx.req.headers['transfer-encoding'] !== undefined) return true;
  const length = ctx.req.headers['content-length'];
  return length !== undefined && length !== '0';
}

const done = (): Promise<void> => Promise.resolve();
