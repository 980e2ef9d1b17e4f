import { parse as parseJson } from 'secure-json-parse';
import { Problem } from '../../domain/problems';
import type { ReadBytes } from './bodyBytes';
import { hasBody, takesBody } from './bodyPresence';
import type { EndpointDescription } from './endpoint';
import type { ApiContext } from './state';
import { validationFailed } from './validation';

const DEFAULT_BODY_LIMIT = 64 * 1024;

export type BodyReader = (ctx: ApiContext) => Promise<unknown>;

/**
 * Reads the body of a request to an endpoint: JSON, or the bytes as they come if the endpoint wants them. An absent
 * body counts as `{}`, for endpoints whose fields are all optional, or that have none. GET and DELETE take no body (RFC
 * 9110, 9.3.1 and 9.3.5), and the API rejects such a body without reading it.
 *
 * @throws {Problem} unsupported-media-type, malformed-json; validation-failed if the method takes no body; or as
 *   `ReadBytes`
 */
export function createBodyReader(
  {
    method,
    bodyLimit = DEFAULT_BODY_LIMIT,
    bodyAs = 'json',
  }: Pick<EndpointDescription, 'method' | 'bodyLimit' | 'bodyAs'>,
  readBytes: ReadBytes,
): BodyReader {
  const isRaw = bodyAs === 'bytes';
  return async (ctx) => {
    if (!hasBody(ctx.req.headers)) return isRaw ? Buffer.alloc(0) : {};
    if (!isJson(ctx)) {
      throw new Problem(
        'unsupported-media-type',
        'The body must be JSON in UTF-8: Content-Type: application/json.',
      );
    }
    if (!takesBody(method))
      throw validationFailed([{ path: '', message: `${ctx.method} takes no body here` }]);
    const bytes = await readBytes(ctx, { limit: bodyLimit, decompress: !isRaw });
    return isRaw ? bytes : readJson(bytes);
  };
}

/** The only media type that endpoints declare. JSON has one encoding (RFC 8259, 8.1). */
function isJson({ request }: ApiContext): boolean {
  return Boolean(request.is('application/json')) && /^(utf-?8)?$/i.test(request.charset);
}

/** A decoder that accepts only UTF-8. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

function readJson(bytes: Buffer): object {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = parseJson(utf8.decode(bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The bytes are not UTF-8 or not JSON, or a key would become a prototype.
  }
  throw new Problem('malformed-json', 'The body is not a JSON object in UTF-8.');
}
