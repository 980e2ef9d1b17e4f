import { existsSync } from 'node:fs';
import path from 'node:path';
import { connectPostgres } from '../../db/connect';
import { countRefundable, countUnfinished } from '../../db/payments/gatewayWork';
import type { LauncherSettings } from './launcherSettings';

/** The folder in which the sandbox gateway of this data folder keeps its book. */
export const ownBook = ({ DATA_DIR }: Pick<LauncherSettings, 'DATA_DIR'>): string =>
  path.join(DATA_DIR, 'sandbox-gateway');

/**
 * Whether the sandbox gateway of this data folder must run although another gateway takes new payments: because it
 * has unfinished work, or because it may have to refund. The launcher does not run a gateway that runs elsewhere.
 * Without a book there is nothing to finish: an empty book would say that nothing was ever charged.
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
