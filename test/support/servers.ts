import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { prepareDatabase, type DatabaseUrls } from '../../src/launcher/servers/databaseRoles';
import type { ManagedProcess, Spawner } from '../../src/launcher/processes/managedProcess';
import { freePort } from '../../src/launcher/ports';
import { startPostgres } from '../../src/launcher/servers/postgres';
import { startRedis } from '../../src/launcher/servers/redis';
import { startTemporal } from '../../src/launcher/servers/temporal';

export type ServerName = 'postgres' | 'redis' | 'temporal';

export interface RunningServers extends Record<ServerName, ManagedProcess> {
  superuserUrl: string;
  /** The URLs of the migrated database. */
  database: DatabaseUrls;
  redisUrl: string;
  temporalAddress: string;
}

/** A Postgres, a Redis and a Temporal that can be started repeatedly on the same data and ports. */
export interface ServerSet {
  ownerPassword: string;
  servicePassword: string;
  start(): Promise<RunningServers>;
  /** Starts one of them. Resolves when it is ready. */
  startOne(name: ServerName): Promise<ManagedProcess>;
}

/** @param folder everything that the servers write; made if it does not exist */
export async function createServerSet(folder: string, database: string, spawn: Spawner): Promise<ServerSet> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const ports = { postgres: await freePort(), redis: await freePort() };
  const temporalPorts = { grpc: await freePort(), http: await freePort(), metrics: await freePort() };
  const superuserPassword = newPassword();
  const ownerPassword = newPassword();
  const servicePassword = newPassword();
  const redisPassword = newPassword();
  const at = (name: string): string => path.join(folder, name);

  async function startAndMigrate() {
    const running = await startPostgres({
      folder: at('postgres'),
      port: ports.postgres,
      superuserPassword,
      logFile: at('postgres.log'),
      spawn,
      // The data lives for one test run. It must survive the death of its process, but it need not reach the disk.
      durable: false,
    });
    const { superuserUrl } = running;
    const urls = await prepareDatabase({ superuserUrl, database, ownerPassword, servicePassword });
    return { process: running.process, superuserUrl, urls };
  }

  const startOurRedis = async () =>
    startRedis({
      folder: at('redis'),
      port: ports.redis,
      password: redisPassword,
      logFile: at('redis.log'),
      databases: 1_000,
      spawn,
      report: reportProgress,
    });

  const startOurTemporal = async () =>
    startTemporal({
      folder: at('temporal'),
      ports: temporalPorts,
      logFile: at('temporal.log'),
      spawn,
      report: reportProgress,
    });

  const each = { postgres: startAndMigrate, redis: startOurRedis, temporal: startOurTemporal };

  return {
    ownerPassword,
    servicePassword,
    async start() {
      const [postgres, redis, temporal] = await Promise.all([
        startAndMigrate(),
        startOurRedis(),
        startOurTemporal(),
      ]);
      return {
        superuserUrl: postgres.superuserUrl,
        database: postgres.urls,
        redisUrl: redis.url,
        temporalAddress: temporal.address,
        postgres: postgres.process,
        redis: redis.process,
        temporal: temporal.process,
      };
    },
    startOne: async (name) => (await each[name]()).process,
  };
}

/** Reports long set-up steps on stderr, so that only Jest writes to stdout. */
export function reportProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
