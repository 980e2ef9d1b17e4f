import { SignJWT, type CryptoKey } from 'jose';
import { TICKET_ALGORITHM, TICKET_TYPE, toClaims, type TicketCode } from './verify';

/**
 * The code of a ticket: a compact JWS of about 247 characters, which is a QR of version 11 at error correction M. The
 * service does not store it, because Ed25519 gives the same signature each time.
 */
export async function signTicketCode(
  ticket: TicketCode,
  { kid, key }: { kid: string; key: CryptoKey },
): Promise<string> {
  return new SignJWT(toClaims(ticket))
    .setProtectedHeader({ alg: TICKET_ALGORITHM, kid, typ: TICKET_TYPE })
    .sign(key);
}
