import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { RefreshTokenRecord, RefreshTokenStore } from '../../db/accounts/refreshTokenStore';
import { Problem } from '../../domain/problems';
import type { Caller } from '../http/endpoint';
import { ACCESS_TOKEN, signAccessToken } from './accessTokens';
import { wrongCredentials } from './accounts';
import type { Tokens } from './tokens';

/** A session ends after 30 days without a refresh. */
const REFRESH_TOKEN_LIFE_MS = 30 * 24 * 60 * 60 * 1_000;

export interface TokenPair {
  accessToken: string;
  tokenType: 'Bearer';
  /** The lifetime of the access token in seconds. */
  expiresIn: number;
  refreshToken: string;
}

export interface Sessions {
  /**
   * @param user the account as it was when its password was checked
   * @throws {Problem} invalid-credentials if the password has been changed since, or the account disabled
   */
  open(user: { userId: string; passwordHash: string }): Promise<TokenPair>;
  /** @throws {Problem} invalid-refresh-token. A token that was used before also ends its session */
  refresh(refreshToken: string): Promise<TokenPair>;
  close(sessionId: string): Promise<void>;
  /**
   * Ends all sessions of an account except one. Within a minute the API rejects the access tokens of the ended
   * sessions.
   *
   * @param but the session that stays open. If it is left out, all sessions end
   */
  endAll(userId: string, but?: string): Promise<void>;
}

export function createSessions(store: RefreshTokenStore, tokens: Tokens): Sessions {
  const pair = async (caller: Caller, refreshToken: string): Promise<TokenPair> => ({
    accessToken: await signAccessToken(tokens, caller),
    tokenType: 'Bearer',
    expiresIn: ACCESS_TOKEN.lifeSeconds,
    refreshToken,
  });
  return {
    async open({ userId, passwordHash }) {
      const { token, record } = newRefreshToken();
      const session = await store.open({ sessionId: randomUUID(), userId, passwordHash }, record);
      if (!session) throw wrongCredentials();
      return pair(session, token);
    },
    async refresh(refreshToken) {
      const next = newRefreshToken();
      const session = await store.rotate(digestOf(refreshToken), next.record);
      if (!session) throw new Problem('invalid-refresh-token', 'The refresh token is not valid any more.');
      return pair(session, next.token);
    },
    close: async (sessionId) => store.revoke(sessionId),
    endAll: async (userId, but) => store.endAll(userId, but),
  };
}

/** Opaque: 256 random bits. The service stores only the digest. */
function newRefreshToken(): { token: string; record: RefreshTokenRecord } {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + REFRESH_TOKEN_LIFE_MS);
  return { token, record: { digest: digestOf(token), expiresAt } };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
