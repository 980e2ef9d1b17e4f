import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { includesRole, ROLES, type Role } from '../../domain/accounts/roles';
import type { Access, Caller } from '../http/endpoint';
import type { BlockedSessions } from './blockedSessions';
import type { TokenKind, Tokens } from './tokens';

/** The type is that of RFC 9068. After a logout, the access token of the session still works for up to 15 minutes. */
export const ACCESS_TOKEN = {
  typ: 'at+jwt',
  lifeSeconds: 15 * 60,
  claims: z.object({ sub: z.string(), role: z.enum(ROLES), sid: z.string() }),
} satisfies TokenKind<{ sub: string; role: Role; sid: string }>;

/**
 * Identifies the caller.
 *
 * @param authorization the header `Authorization`
 * @returns undefined on a public endpoint
 * @throws {Problem} unauthenticated, or forbidden if the role is too low
 */
export type Authenticate = (access: Access, authorization: string | undefined) => Promise<Caller | undefined>;

const NEEDED_ROLE: Record<Exclude<Access, 'public'>, Role> = {
  user: 'USER',
  staff: 'STAFF',
  operator: 'OPERATOR',
};

export async function signAccessToken(tokens: Tokens, caller: Caller): Promise<string> {
  return tokens.sign(ACCESS_TOKEN, { sub: caller.userId, role: caller.role, sid: caller.sessionId });
}

export function createAuthenticate(
  tokens: Tokens,
  blockedSessions: Pick<BlockedSessions, 'has'>,
): Authenticate {
  return async (access, authorization) => {
    if (access === 'public') return undefined;
    const token = bearerToken(authorization);
    const verified = await tokens.verify(ACCESS_TOKEN, token);
    if (verified.outcome === 'expired') throw new Problem('unauthenticated', 'The access token has expired.');
    if (verified.outcome === 'invalid')
      throw new Problem('unauthenticated', 'The access token is not valid.');
    const { sub, role, sid } = verified.claims;
    if (blockedSessions.has(sid)) throw new Problem('unauthenticated', 'The session has been ended.');
    if (!includesRole(role, NEEDED_ROLE[access])) {
      throw new Problem('forbidden', `This needs the role ${NEEDED_ROLE[access]}.`);
    }
    return { userId: sub, role, sessionId: sid };
  };
}

function bearerToken(authorization: string | undefined): string {
  if (!authorization) throw new Problem('unauthenticated', 'The header Authorization is missing.');
  const match = /^Bearer +(\S+) *$/i.exec(authorization);
  if (match?.[1]) return match[1];
  throw new Problem('unauthenticated', 'The header Authorization must be: Bearer <accessToken>.');
}
