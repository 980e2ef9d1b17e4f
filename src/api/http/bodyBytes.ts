import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { createUnzip } from 'node:zlib';
import { Problem } from '../../domain/problems';
import type { NetworkOf } from './clientNetwork';
import { createShares, type ShareBounds, shortageProblem } from './shares';

export interface BodyRules {
  /** In bytes, after decompression. */
  limit: number;
  /** Whether the API decompresses a compressed body. If not, it rejects such a body. */
  decompress: boolean;
}

/**
 * Reads a body, whatever its content.
 *
 * @throws {Problem} body-too-large; unsupported-media-type for an unknown encoding; malformed-request if the body ends
 *   early or cannot be decompressed; rate-limited or temporarily-unavailable if too many bytes are being read
 */
export type ReadBytes = (
  exchange: { req: IncomingMessage; res: ServerResponse },
  rules: BodyRules,
) => Promise<Buffer>;

/** Both formats start with a mark that identifies them. Brotli is not among them: it may need 16 MB for a window. */
const COMPRESSED = new Set(['gzip', 'x-gzip', 'deflate']);

/** In seconds. A body has 30 s to arrive. */
const RETRY_AFTER = 5;

/**
 * Counts each body with the most bytes that it may have: the length that it declares, or else its limit. Counts them
 * until the request has its response, because the parsed values live for as long.
 */
export function createByteReader(options: {
  bounds: ShareBounds;
  networkOf: NetworkOf;
  onRefused: () => void;
}): ReadBytes {
  const { bounds, networkOf, onRefused } = options;
  const underWay = createShares(bounds);

  return async ({ req, res }, { limit, decompress }) => {
    const isCompressed = encodingOf(req, decompress) === 'compressed';
    const declared = isCompressed ? undefined : req.headers['content-length'];
    const most = declared === undefined ? limit : Number(declared);
    if (most > limit) throw tooLarge(limit);
    // No response will follow, so what is taken here would never be returned.
    if (res.closed) throw cutShort();
    const network = networkOf(req);
    const shortage = underWay.take(network, most);
    if (shortage) {
      onRefused();
      throw shortageProblem(shortage, 'bodies', RETRY_AFTER);
    }
    res.once('close', () => underWay.returnShare(network, most));
    if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue();
    return isCompressed ? decompressed(req, limit) : collect(req, limit);
  };
}

function encodingOf({ headers }: IncomingMessage, decompress: boolean): 'identity' | 'compressed' {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return 'identity';
  if (decompress && COMPRESSED.has(encoding)) return 'compressed';
  const allowed = decompress ? 'gzip, deflate or none' : 'none';
  throw new Problem('unsupported-media-type', `The Content-Encoding of the body must be ${allowed}.`);
}

async function decompressed(request: IncomingMessage, limit: number): Promise<Buffer> {
  const plain = createUnzip();
  // A pipe does not pass on an error of its source.
  request.on('error', (error) => plain.destroy(error));
  try {
    return await collect(request.pipe(plain), limit);
  } finally {
    request.unpipe(plain);
    plain.destroy();
  }
}

async function collect(source: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The request is not destroyed: a rejected client still needs the connection for its response.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('the request is read as text');
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch {
    throw cutShort();
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks, size);
}

const tooLarge = (limit: number): Problem =>
  new Problem('body-too-large', `The body is larger than the limit of ${limit} bytes.`);

const cutShort = (): Problem =>
  new Problem('malformed-request', 'The body ended early, or is not in its Content-Encoding.');
