import { createHash } from 'node:crypto';
import { findUnstorable } from '../../http/unstorable';
import type { ValidationIssue } from '../../http/validation';
import { readVenue, type ReadVenue } from './readVenue';
import { scanJson } from './scanJson';

export type VenueReading =
  | (ReadVenue & {
      kind: 'venue';
      /** The digest of the body without its white space. */
      digest: string;
    })
  /** Every fault, or the first 100 of them. */
  | { kind: 'faulty'; errors: ValidationIssue[] }
  | { kind: 'malformed' };

/** Accepts only UTF-8. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param bytes the body of `POST /v1/admin/venues`, of any size and kind; this function changes it */
export function readVenueBytes(bytes: Uint8Array): VenueReading {
  const scanned = scanJson(bytes);
  if ('fault' in scanned) return { kind: 'faulty', errors: [{ path: '', message: scanned.fault }] };
  const digest = createHash('sha256').update(scanned.text).digest('base64');
  const body = parse(scanned.text);
  if (typeof body !== 'object' || body === null) return { kind: 'malformed' };
  const unstorable = findUnstorable(body);
  if (unstorable.length > 0) return { kind: 'faulty', errors: unstorable };
  const reading = readVenue(body);
  return reading.kind === 'faulty' ? reading : { ...reading, digest };
}

function parse(text: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(text));
  } catch {
    return undefined;
  }
}
