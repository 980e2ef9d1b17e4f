import type { Logger } from '../../config/logging';
import type { RefreshTokenStore } from '../../db/accounts/refreshTokenStore';

/**
 * After its session is blocked, an access token works at most this much longer, in every process (see
 * docs/operations.md).
 */
const RELOAD_MS = 20_000;

/**
 * The sessions whose access tokens the API rejects before they expire. An operator has disabled or demoted their
 * account, or its owner has changed the password or logged out everywhere. Each process keeps the list in memory, so
 * that no request asks Postgres about its token.
 */
export interface BlockedSessions {
  has(sessionId: string): boolean;
  reload(): Promise<void>;
  stop(): void;
}

/**
 * While Postgres does not respond, the known sessions stay blocked. No session can be blocked during that time either.
 */
export async function createBlockedSessions(
  store: Pick<RefreshTokenStore, 'listBlocked'>,
  logger: Logger,
): Promise<BlockedSessions> {
  let blocked = new Set(await store.listBlocked());
  const reload = async (): Promise<void> => {
    blocked = new Set(await store.listBlocked());
  };
  const timer = setInterval(() => {
    reload().catch((error: unknown) => logger.warn({ err: error }, 'blocked sessions cannot be read'));
  }, RELOAD_MS).unref();
  return {
    has: (sessionId) => blocked.has(sessionId),
    reload,
    stop: () => clearInterval(timer),
  };
}
