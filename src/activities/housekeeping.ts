import { createIdempotencyStore } from '../db/idempotencyStore';
import { createRefreshTokenStore } from '../db/refreshTokenStore';
import type { ActivityDependencies } from './dependencies';

/**
 * Each removes up to `limit` rows that nobody needs any more, in a short transaction, and tells how many there
 * were; fewer than `limit` means that none are left.
 */
export function createHousekeepingActivities({ db }: ActivityDependencies) {
  return {
    removeIdempotencyKeys: async (limit: number): Promise<number> =>
      createIdempotencyStore(db).removeOld(limit),

    removeRefreshTokens: async (limit: number): Promise<number> =>
      createRefreshTokenStore(db).removeExpired(limit),
  };
}
