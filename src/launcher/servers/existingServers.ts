import { Connection } from '@temporalio/client';
import { temporalConnectionOptions } from '../../config/temporalConnection';
import { migrate } from '../../db/migrate';
import type { DatabaseUrls } from './databaseRoles';
import { LaunchFailure, reasonOf, type Report } from '../failure';
import type { LauncherSettings } from '../start/launcherSettings';
import { pingPostgres } from './postgres';
import { pingRedis } from './redis';
import { addSearchAttributes, missingSearchAttributes } from './searchAttributes';

/** Uses the operator's own server. It migrates the database and changes nothing else. */
export async function useExistingPostgres(url: string): Promise<{ how: string; urls: DatabaseUrls }> {
  await reachable('DATABASE_URL', () => pingPostgres(url));
  await migrate(url);
  return { how: 'existing server (DATABASE_URL)', urls: { ownerUrl: url, serviceUrl: url } };
}

export async function useExistingRedis(url: string): Promise<{ how: string; url: string }> {
  await reachable('REDIS_URL', () => pingRedis(url));
  return { how: 'existing server (REDIS_URL)', url };
}

export interface ExistingTemporal {
  how: string;
  address: string;
  uiUrl: string | undefined;
}

/** Also adds the search attributes, if the namespace lacks them and the server allows it. */
export async function useExistingTemporal(
  settings: LauncherSettings,
  report: Report,
): Promise<ExistingTemporal> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = settings.service;
  const options = { ...temporalConnectionOptions(settings.service), connectTimeout: 5_000 };
  const connection = await reachable('TEMPORAL_ADDRESS', () => Connection.connect(options));
  try {
    await connection.withDeadline(Date.now() + 10_000, async () => {
      const missing = await missingSearchAttributes(connection, namespace);
      if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
    });
  } catch (error) {
    report(
      `Temporal: the launcher could not add the search attributes: add them by hand (${reasonOf(error)})`,
    );
  } finally {
    await connection.close();
  }
  return {
    how: 'existing server (TEMPORAL_ADDRESS)',
    address,
    uiUrl: settings.TEMPORAL_UI_URL,
  };
}

async function reachable<T>(setting: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw new LaunchFailure(`the server that ${setting} names does not respond: ${reasonOf(error)}`);
  }
}
