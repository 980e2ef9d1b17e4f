import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { ALGORITHM, type KeyRing } from './keyRing';

/** Checked on every token (RFC 8725, 3.8 and 3.9). */
const ISSUER = 'holdfast';
const AUDIENCE = 'holdfast-api';

/** Tokens whose signature was checked, so that a client's next request costs a look-up. */
const VERIFIED_TOKENS = 20_000;

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

interface VerifiedToken {
  typ: string | undefined;
  payload: JWTPayload;
}

export function createTokens(keys: KeyRing): Tokens {
  const seen = new LRUCache<string, VerifiedToken>({ max: VERIFIED_TOKENS });

  const verifySignature = async (token: string): Promise<VerifiedToken | 'expired' | 'invalid'> => {
    const known = seen.get(token);
    if (known) return known;
    const kid = keyIdOf(token);
    const key = kid === null ? null : await keys.verifier(kid);
    if (!key) return 'invalid';
    try {
      const { payload, protectedHeader } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      const verified = { typ: protectedHeader.typ, payload };
      seen.set(token, verified);
      return verified;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired';
      if (error instanceof errors.JOSEError) return 'invalid';
      throw error;
    }
  };

  return {
    async sign(kind, claims) {
      const { kid, key } = keys.signer();
      return new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: kind.typ })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${kind.lifeSeconds}s`)
        .sign(key);
    },

    async verify(kind, token) {
      const verified = await verifySignature(token);
      if (typeof verified === 'string') return { outcome: verified };
      if (verified.typ !== kind.typ) return { outcome: 'invalid' };
      if ((verified.payload.exp ?? 0) * 1_000 <= Date.now()) return { outcome: 'expired' };
      const parsed = kind.claims.safeParse(verified.payload);
      return parsed.success ? { outcome: 'valid', claims: parsed.data } : { outcome: 'invalid' };
    },
  };
}

function keyIdOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).kid ?? null;
  } catch {
    return null;
  }
}
