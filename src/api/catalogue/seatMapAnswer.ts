import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { isNotModified } from './conditional';
import { ENCODINGS, type Encoding, type SeatMap } from './seatMapBody';

export type SeatMapAnswer =
  | { status: 200; headers: Record<string, string>; body: Buffer }
  | { status: 304; headers: Record<string, string> };

/** The map, in the encoding that the client prefers, or 304 where it has this version. */
export async function answerSeatMap(map: SeatMap, request: IncomingHttpHeaders): Promise<SeatMapAnswer> {
  const headers = {
    ETag: `"${map.version}"`,
    // A browser asks each time; a shared cache may answer for the second that a sold seat may be shown.
    'Cache-Control': 'public, max-age=0, s-maxage=1',
    Vary: 'Accept-Encoding',
  };
  if (isNotModified(request, headers.ETag)) return { status: 304, headers };
  const encoding = preferredEncoding(request);
  const body = await map.encoded(encoding);
  if (encoding === 'identity') return { status: 200, headers, body };
  return { status: 200, headers: { ...headers, 'Content-Encoding': encoding }, body };
}

function preferredEncoding(headers: Negotiator.Headers): Encoding {
  const accepted = new Negotiator({ headers }).encoding([...ENCODINGS]);
  return ENCODINGS.find((encoding) => encoding === accepted) ?? 'identity';
}
