import { existsSync } from 'node:fs';
import path from 'node:path';
import { connectPostgres } from '../../db/connect';
import { countRefundable, countUnfinished } from '../../db/payments/gatewayWork';
import type { LauncherSettings } from './launcherSettings';

/** Where the sandbox gateway of this data folder keeps its book. */
export const ownBook = ({ DATA_DIR }: Pick<LauncherSettings, 'DATA_DIR'>): string =>
  path.join(DATA_DIR, 'sandbox-gateway');

/**
 * Whether the sandbox gateway of this data folder still has something to finish, or may have to refund, although another
 * gateway takes new payments. One that runs elsewhere is left to itself. Without a book there is nothing to finish: an
 * empty one would say that nothing was ever charged.
 */
export async function hasUnfinishedBook(
  settings: Pick<LauncherSettings, 'DATA_DIR' | 'SANDBOX_GATEWAY_URL'>,
  { database }: { database: { serviceUrl: string } },
): Promise<boolean> {
  if (settings.SANDBOX_GATEWAY_URL || !existsSync(ownBook(settings))) return false;
  const db = connectPostgres(database.serviceUrl, { poolSize: 1, applicationName: 'holdfast-launcher' });
  try {
    const counts = [await countUnfinished(db), await countRefundable(db)];
    return counts.some((count) => count.has('sandbox'));
  } finally {
    await db.destroy();
  }
}
