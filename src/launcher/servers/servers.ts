import path from 'node:path';
import { prepareDatabase, type DatabaseUrls } from './databaseRoles';
import { useExistingPostgres, useExistingRedis, useExistingTemporal } from './existingServers';
import type { Report } from '../failure';
import type { LauncherSettings } from '../start/launcherSettings';
import { noteMigration, type LaunchState } from '../start/launchState';
import { openLog } from '../processes/logFiles';
import type { ManagedProcess } from '../processes/managedProcess';
import type { Parts } from '../processes/parts';
import { startPostgres } from './postgres';
import { startRedis } from './redis';
import type { Supervisor } from '../processes/supervisor';
import { startTemporal } from './temporal';
import { guardUi } from './uiGuard';

export interface Servers {
  database: DatabaseUrls;
  redisUrl: string;
  temporalAddress: string;
  temporalUiUrl: string | undefined;
}

export interface ServersContext {
  settings: LauncherSettings;
  state: LaunchState;
  logFolder: string;
  parts: Parts;
  supervisor: Supervisor;
  report: Report;
}

/**
 * Postgres (migrated), Redis and Temporal, started in parallel. Each is the server that the settings name, or else
 * our own, which the supervisor keeps running.
 */
export async function startServers(context: ServersContext): Promise<Servers> {
  const { report } = context;
  const timed = async <T extends { how: string }>(name: string, start: Promise<T>): Promise<T> => {
    const startedAt = Date.now();
    const part = await start;
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
  };
}

/** Starts one of our own servers and keeps it running. */
async function keepServer<T extends { process: ManagedProcess }>(
  supervisor: Supervisor,
  start: () => Promise<T>,
): Promise<T> {
  const running = await start();
  supervisor.supervise(running.process, async () => (await start()).process);
  return running;
}

async function postgresOf({ settings, state, logFolder, parts, supervisor }: ServersContext) {
  if (settings.DATABASE_URL) return useExistingPostgres(settings.DATABASE_URL);
  const options = {
    folder: path.join(settings.DATA_DIR, 'postgres'),
    port: state.ports.postgres,
    superuserPassword: state.secrets.superuser,
    logFile: openLog(logFolder, 'postgres'),
    spawn: parts.spawn,
    durable: true,
  };
  const running = await keepServer(supervisor, async () => startPostgres(options));
  const urls = await prepareDatabase({
    superuserUrl: running.superuserUrl,
    database: 'holdfast',
    ownerPassword: state.secrets.owner,
    servicePassword: state.secrets.service,
  });
  noteMigration(settings.DATA_DIR, state);
  return { how: running.how, urls };
}

async function redisOf({ settings, state, logFolder, parts, supervisor, report }: ServersContext) {
  if (settings.REDIS_URL) return useExistingRedis(settings.REDIS_URL);
  const options = {
    folder: path.join(settings.DATA_DIR, 'redis'),
    port: state.ports.redis,
    password: state.secrets.redis,
    logFile: openLog(logFolder, 'redis'),
    databases: 1,
    spawn: parts.spawn,
    report,
  };
  return keepServer(supervisor, async () => startRedis(options));
}

async function temporalOf({ settings, state, logFolder, parts, supervisor, report }: ServersContext) {
  if (settings.TEMPORAL_ADDRESS) return useExistingTemporal(settings, report);
  const options = {
    folder: path.join(settings.DATA_DIR, 'temporal'),
    ports: {
      grpc: state.ports.temporal,
      http: state.ports.temporalHttp,
      metrics: state.ports.temporalMetrics,
      ui: state.ports.temporalUi,
    },
    logFile: openLog(logFolder, 'temporal'),
    spawn: parts.spawn,
    report,
  };
  const running = await keepServer(supervisor, async () => startTemporal(options));
  await guardUi(settings.TEMPORAL_UI_PORT, state.ports.temporalUi);
  return { ...running, uiUrl: `http://127.0.0.1:${settings.TEMPORAL_UI_PORT}` };
}
