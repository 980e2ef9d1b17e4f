import { hash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { ALGORITHM, type KeyRing } from './keyRing';

/** Checked on every token (RFC 8725, 3.8 and 3.9). */
const ISSUER = 'holdfast';
const AUDIENCE = 'holdfast-api';

/**
 * Tokens whose signature was checked, so that a client's next request costs a look-up instead of a fifth of a
 * millisecond. Whoever waits sends two, again and again in the same order: with fewer entries than tokens, the cache
 * of a long line would have forgotten each of them just before it is needed. So there is room for a line of 100,000,
 * at some 300 bytes a token.
 */
const KNOWN_TOKENS = 200_000;

/** One kind of token. Different `typ` keep one kind from being taken for another (RFC 8725, 3.11). */
export interface TokenKind<Claims> {
  typ: string;
  lifeSeconds: number;
  claims: z.ZodType<Claims>;
}

export type Verified<Claims> =
  { outcome: 'valid'; claims: Claims } | { outcome: 'expired' } | { outcome: 'invalid' };

export interface Tokens {
  sign<Claims extends JWTPayload>(kind: TokenKind<Claims>, claims: Claims): Promise<string>;
  /** Signature, algorithm, kind, issuer, audience, end and shape. Throws only where keys cannot be read. */
  verify<Claims>(kind: TokenKind<Claims>, token: string): Promise<Verified<Claims>>;
}

interface KnownToken {
  typ: string;
  claims: unknown;
  /** In seconds since 1970, as the token says it. */
  expiresAt: number;
}

export function createTokens(keys: KeyRing): Tokens {
  // By digest: smaller than the tokens, and whoever reads the memory finds none.
  const known = new LRUCache<string, KnownToken>({ max: KNOWN_TOKENS });

  const check = async <Claims>(kind: TokenKind<Claims>, token: string): Promise<Verified<Claims>> => {
    const kid = keyIdOf(token);
    const key = kid === null ? null : await keys.verifier(kid);
    if (!key) return { outcome: 'invalid' };
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        typ: kind.typ,
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      const parsed = kind.claims.safeParse(payload);
      if (!parsed.success) return { outcome: 'invalid' };
      known.set(digestOf(token), { typ: kind.typ, claims: parsed.data, expiresAt: payload.exp ?? 0 });
      return { outcome: 'valid', claims: parsed.data };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { outcome: 'expired' };
      if (error instanceof errors.JOSEError) return { outcome: 'invalid' };
      throw error;
    }
  };

  return {
    async sign(kind, claims) {
      const { kid, key } = keys.signer();
      const now = Math.floor(Date.now() / 1_000);
      const expiresAt = now + kind.lifeSeconds;
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: kind.typ })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(now)
        .setExpirationTime(expiresAt)
        .sign(key);
      // Its holder comes back with it soon, most often to this process.
      known.set(digestOf(token), { typ: kind.typ, claims: kind.claims.parse(claims), expiresAt });
      return token;
    },

    async verify(kind, token) {
      const seen = known.get(digestOf(token));
      if (!seen) return check(kind, token);
      if (seen.typ !== kind.typ) return { outcome: 'invalid' };
      if (seen.expiresAt * 1_000 <= Date.now()) return { outcome: 'expired' };
      return { outcome: 'valid', claims: kind.claims.parse(seen.claims) };
    },
  };
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

function keyIdOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).kid ?? null;
  } catch {
    return null;
  }
}
