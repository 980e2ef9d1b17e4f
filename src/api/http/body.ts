import type { IncomingHttpHeaders } from 'node:http';
import { bodyParser } from '@koa/bodyparser';
import { Problem } from '../../domain/problems';
import type { EndpointDescription } from './endpoint';
import type { ApiContext } from './state';
import { validationFailed } from './validation';

const DEFAULT_BODY_LIMIT = 64 * 1024;

export type BodyReader = (ctx: ApiContext) => Promise<unknown>;

/**
 * Reads the JSON body of a request to an endpoint. No body at all counts as `{}`, for endpoints whose fields are all
 * optional, or that have none. GET and DELETE take none (RFC 9110, 9.3.1 and 9.3.5), and it is refused unread.
 *
 * @throws {Problem} unsupported-media-type, malformed-json, body-too-large; validation-failed where no body is taken
 */
export function createBodyReader({
  method,
  bodyLimit = DEFAULT_BODY_LIMIT,
}: Pick<EndpointDescription, 'method' | 'bodyLimit'>): BodyReader {
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: bodyLimit, detectJSON: () => true });
  return async (ctx) => {
    if (!hasBody(ctx.req.headers)) return {};
    if (!isJson(ctx)) {
      throw new Problem(
        'unsupported-media-type',
        'The body must be JSON in UTF-8: Content-Type: application/json.',
      );
    }
    if (!takesBody(method))
      throw validationFailed([{ path: '', message: `${ctx.method} takes no body here` }]);
    await parse(ctx, done);
    return ctx.request.body;
  };
}

export function takesBody(method: EndpointDescription['method']): boolean {
  return method !== 'GET' && method !== 'DELETE';
}

export function hasBody(headers: IncomingHttpHeaders): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && length !== '0';
}

/** The one media type that endpoints declare; JSON has one encoding (RFC 8259, 8.1). */
function isJson({ request }: ApiContext): boolean {
  return Boolean(request.is('application/json')) && /^(utf-?8)?$/i.test(request.charset);
}

const done = (): Promise<void> => Promise.resolve();
