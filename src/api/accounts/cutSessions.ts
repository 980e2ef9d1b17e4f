import type { Logger } from '../../config/logging';
import type { RefreshTokenStore } from '../../db/accounts/refreshTokenStore';

/**
 * After its session is cut, an access token works at most this much longer, in every process (see docs/operations.md).
 */
const RELOAD_MS = 20_000;

/**
 * The sessions whose access tokens the API rejects before they expire. An operator has disabled or demoted their
 * account, or its owner has changed the password or logged out everywhere. Each process keeps the list in memory, so
 * that no request asks Postgres about its token.
 */
export interface CutSessions {
  has(sessionId: string): boolean;
  reload(): Promise<void>;
  stop(): void;
}

/** While Postgres does not respond, the known sessions stay cut. No session can be cut during that time either. */
export async function createCutSessions(
  store: Pick<RefreshTokenStore, 'listCut'>,
  logger: Logger,
): Promise<CutSessions> {
  let cut = new Set(await store.listCut());
  const reload = async (): Promise<void> => {
    cut = new Set(await store.listCut());
  };
  const timer = setInterval(() => {
    reload().catch((error: unknown) => logger.warn({ err: error }, 'cut sessions cannot be read'));
  }, RELOAD_MS).unref();
  return {
    has: (sessionId) => cut.has(sessionId),
    reload,
    stop: () => clearInterval(timer),
  };
}
