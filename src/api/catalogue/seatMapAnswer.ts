import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { knownTag } from '../http/conditional';
import { ENCODINGS, type Encoding, type SeatMap } from './seatMapBody';

export type SeatMapAnswer =
  | { status: 200; headers: Record<string, string>; body: Buffer }
  | { status: 304; headers: Record<string, string> };

/** A browser asks each time. A shared cache may serve the map for the one second that a sold seat may look free. */
const FOR_A_SECOND = 'public, max-age=0, s-maxage=1';

/** Returns the map in the encoding that the client prefers, or 304 if the client has this version. */
export async function answerSeatMap(
  map: Pick<SeatMap, 'version' | 'encoded'>,
  request: IncomingHttpHeaders,
  cacheControl = FOR_A_SECOND,
): Promise<SeatMapAnswer> {
  const encoding = preferredEncoding(request);
  // A client that has this version in any encoding needs no other one.
  const known = knownTag(
    request,
    [encoding, ...ENCODINGS].map((one) => tagOf(map.version, one)),
  );
  const headers = {
    ETag: known ?? tagOf(map.version, encoding),
    'Cache-Control': cacheControl,
    Vary: 'Accept-Encoding',
  };
  if (known !== undefined) return { status: 304, headers };
  const body = await map.encoded(encoding);
  if (encoding === 'identity') return { status: 200, headers, body };
  return { status: 200, headers: { ...headers, 'Content-Encoding': encoding }, body };
}

/** A strong tag identifies bytes, so it differs for each encoding (RFC 9110, 8.8.3). */
function tagOf(version: number, encoding: Encoding): string {
  return encoding === 'identity' ? `"${version}"` : `"${version}-${encoding}"`;
}

function preferredEncoding(headers: Negotiator.Headers): Encoding {
  const accepted = new Negotiator({ headers }).encoding([...ENCODINGS]);
  return ENCODINGS.find((encoding) => encoding === accepted) ?? 'identity';
}
