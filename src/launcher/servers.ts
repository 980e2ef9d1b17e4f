import path from 'node:path';
import { prepareDatabase, type DatabaseUrls } from './databaseRoles';
import { useExistingPostgres, useExistingRedis, useExistingTemporal } from './existingServers';
import type { Report } from './failure';
import type { LauncherSettings } from './launcherSettings';
import type { LaunchState } from './launchState';
import { openLog } from './logFiles';
import type { ManagedProcess } from './managedProcess';
import type { Parts } from './parts';
import { startPostgres } from './postgres';
import { startRedis } from './redis';
import { startTemporal } from './temporal';

export interface Servers {
  database: DatabaseUrls;
  redisUrl: string;
  temporalAddress: string;
  temporalUiUrl: string | undefined;
  /** Those that we run ourselves: when one dies, nothing can go on. */
  processes: ManagedProcess[];
}

export interface ServersContext {
  settings: LauncherSettings;
  state: LaunchState;
  logFolder: string;
  parts: Parts;
  report: Report;
}

/** Postgres (migrated), Redis and Temporal, side by side: those that the settings name, else our own. */
export async function startServers(context: ServersContext): Promise<Servers> {
  const processes: ManagedProcess[] = [];
  const { report } = context;
  const timed = async <T extends { how: string; process?: ManagedProcess }>(
    name: string,
    start: Promise<T>,
  ): Promise<T> => {
    const startedAt = Date.now();
    const part = await start;
    if (part.process) processes.push(part.process);
    report(`${name}: ${part.how}, ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    return part;
  };
  const [postgres, redis, temporal] = await Promise.all([
    timed('Postgres', postgresOf(context)),
    timed('Redis', redisOf(context)),
    timed('Temporal', temporalOf(context)),
  ]);
  return {
    database: postgres.urls,
    redisUrl: redis.url,
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
    processes,
  };
}

async function postgresOf({ settings, state, logFolder, parts }: ServersContext) {
  if (settings.DATABASE_URL) return useExistingPostgres(settings.DATABASE_URL);
  const running = await startPostgres({
    folder: path.join(settings.DATA_DIR, 'postgres'),
    port: state.ports.postgres,
    superuserPassword: state.secrets.superuser,
    logFile: openLog(logFolder, 'postgres'),
    spawn: parts.spawn,
    durable: true,
  });
  const urls = await prepareDatabase({
    superuserUrl: running.superuserUrl,
    database: 'holdfast',
    ownerPassword: state.secrets.owner,
    servicePassword: state.secrets.service,
  });
  return { how: running.how, process: running.process, urls };
}

async function redisOf({ settings, state, logFolder, parts, report }: ServersContext) {
  if (settings.REDIS_URL) return useExistingRedis(settings.REDIS_URL);
  return startRedis({
    folder: path.join(settings.DATA_DIR, 'redis'),
    port: state.ports.redis,
    password: state.secrets.redis,
    logFile: openLog(logFolder, 'redis'),
    databases: 1,
    spawn: parts.spawn,
    report,
  });
}

async function temporalOf({ settings, state, logFolder, parts, report }: ServersContext) {
  if (settings.TEMPORAL_ADDRESS) return useExistingTemporal(settings, report);
  const running = await startTemporal({
    folder: path.join(settings.DATA_DIR, 'temporal'),
    port: state.ports.temporal,
    uiPort: settings.TEMPORAL_UI_PORT,
    logFile: openLog(logFolder, 'temporal'),
    spawn: parts.spawn,
    report,
  });
  return { ...running, uiUrl: `http://127.0.0.1:${settings.TEMPORAL_UI_PORT}` };
}
