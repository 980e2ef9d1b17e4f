import type { Logger } from '../../config/logging';
import type { RefreshTokenStore } from '../../db/accounts/refreshTokenStore';

/** An access token that was cut works this much longer at most, in every process (see docs/operations.md). */
const RELOAD_MS = 20_000;

/**
 * The sessions whose access tokens are not believed any more, although their time has not come: what operators have
 * disabled or demoted, and whoever has changed the password or logged out everywhere. Each process keeps them in memory,
 * so that no request asks Postgres about its token.
 */
export interface CutSessions {
  has(sessionId: string): boolean;
  reload(): Promise<void>;
  stop(): void;
}

/** While Postgres does not answer, those that are known stay cut; nobody can be cut then either. */
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
