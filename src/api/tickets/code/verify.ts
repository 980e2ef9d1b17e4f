import { base64url, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { parse, stringify } from 'uuid';

/** The `typ` of the code of a ticket: no other token of the service has it (RFC 8725, 3.11). */
export const TICKET_TYPE = 'ticket+jwt';

/** The only algorithm of codes, whatever the header of a code says (RFC 8725, 3.1): Ed25519. */
export const TICKET_ALGORITHM = 'EdDSA';

/** The content of the code of a ticket. */
export interface TicketCode {
  ticketId: string;
  scheduleId: string;
  /** Counts from 1. A re-issue makes the codes of earlier versions void, which only the service knows. */
  version: number;
}

export type TicketCheck =
  | ({ outcome: 'genuine' } & TicketCode)
  /** Genuine, but for another schedule than the caller asked for. */
  | { outcome: 'wrong-show' }
  /** Not signed with a key of this service: forged, damaged, or something else altogether. */
  | { outcome: 'invalid' };

/**
 * Checks the signature of the code of a ticket and reads it. It needs nothing of the service except its public keys, so
 * that a gate can do it without a network. It cannot see whether the ticket is used, void or issued again.
 *
 * @param code as it was read from the QR, also with what a scanner adds around it
 * @param keys finds the key of a code: `createLocalJWKSet(jwks)` of `jose`, with the content of
 *   `/.well-known/jwks.json`
 * @param options.scheduleId the show that the gate admits to. When left out, any show
 * @throws what `keys` throws, except for the errors of jose: those mean `invalid`
 */
export async function verifyTicketCode(
  code: string,
  keys: JWTVerifyGetKey,
  { scheduleId }: { scheduleId?: string | undefined } = {},
): Promise<TicketCheck> {
  try {
    const { payload } = await jwtVerify(plainCode(code), keys, {
      algorithms: [TICKET_ALGORITHM],
      typ: TICKET_TYPE,
    });
    const read = readClaims(payload);
    if (!read) return { outcome: 'invalid' };
    if (scheduleId !== undefined && scheduleId.toLowerCase() !== read.scheduleId) {
      return { outcome: 'wrong-show' };
    }
    return { outcome: 'genuine', ...read };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { outcome: 'invalid' };
    throw error;
  }
}

/**
 * Removes the additions of hand scanners from a code: white space, control characters and a byte order mark around it,
 * and an AIM identifier before it (ISO/IEC 15424: `]Q1` for a QR). No code begins with a bracket.
 */
export function plainCode(scanned: string): string {
  return trimmed(trimmed(scanned).replace(/^\][A-Za-z][\dA-Za-z]/, ''));
}

/** White space with the byte order mark, controls, and marks without a width. */
const NOISE = /[\s\p{Cc}\p{Cf}]/u;

function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && NOISE.test(text.charAt(from))) from += 1;
  while (from < to && NOISE.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** `sub` is the ticket and `aud` is the show, each as the 16 bytes of its id in base64url. `ver` is the version. */
export function toClaims({ ticketId, scheduleId, version }: TicketCode) {
  return { sub: base64url.encode(parse(ticketId)), aud: base64url.encode(parse(scheduleId)), ver: version };
}

function readClaims({ sub, aud, ver }: Record<string, unknown>): TicketCode | null {
  const [ticketId, scheduleId] = [toId(sub), toId(aud)];
  if (ticketId === null || scheduleId === null || typeof ver !== 'number') return null;
  return { ticketId, scheduleId, version: ver };
}

function toId(claim: unknown): string | null {
  if (typeof claim !== 'string') return null;
  try {
    return stringify(base64url.decode(claim));
  } catch {
    return null;
  }
}
