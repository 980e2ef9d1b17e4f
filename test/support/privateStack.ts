import { Redis } from 'ioredis';
import { connectPostgres } from '../../src/db/connect';
import type { ManagedProcess } from '../../src/launcher/processes/managedProcess';
import { createServerSet, type RunningServers, type ServerName } from './servers';
import { createStackFolder, createStackServices, type Stack } from './stack';

/** A stack with its own Postgres, Redis and Temporal, so that a test may kill these as well. */
export interface PrivateStack extends Stack {
  /** The servers that run, or that ran last. */
  servers(): Record<ServerName, ManagedProcess>;
  /** Starts one server again on the same data and port. */
  startServer(name: ServerName): Promise<void>;
  /** Sends SIGKILL to all six processes at once; resolves when they have ended. */
  killEverything(): Promise<void>;
  /** Starts all six again on the same data, ports and settings. */
  startAgain(): Promise<void>;
}

/** @param env the same as for `startStack` */
export async function startPrivateStack({
  env = {},
}: { env?: NodeJS.ProcessEnv } = {}): Promise<PrivateStack> {
  const home = await createStackFolder();
  const set = await createServerSet(home.folder, 'holdfast', home.spawn);
  let running: RunningServers = await set.start();
  const { database, redisUrl, temporalAddress } = running;
  const urls = { databaseUrl: database.serviceUrl, redisUrl, temporalAddress };
  const services = await createStackServices(home.folder, home.spawn, urls, env);
  const ownerDb = connectPostgres(database.ownerUrl, {
    poolSize: 4,
    applicationName: 'test-owner',
    asOwner: true,
  });
  const redis = new Redis(redisUrl);
  // The client reconnects automatically after the test has killed the server.
  redis.on('error', () => undefined);

  const servers = (): ManagedProcess[] => [running.temporal, running.redis, running.postgres];
  const clean = async (): Promise<void> => {
    await services.stop();
    await ownerDb.destroy();
    redis.disconnect();
    await Promise.all(servers().map((server) => server.stop()));
    await home.remove();
  };
  try {
    await services.start();
  } catch (error) {
    await clean();
    throw error;
  }
  return {
    ...services,
    databaseUrl: urls.databaseUrl,
    redisUrl,
    ownerDb,
    redis,
    temporal: { address: temporalAddress, namespace: 'default', taskQueue: services.taskQueue },
    stop: clean,
    servers: () => ({ postgres: running.postgres, redis: running.redis, temporal: running.temporal }),
    async startServer(name) {
      const started = await set.startOne(name);
      running = { ...running, [name]: started };
    },
    async killEverything() {
      for (const server of servers()) server.signal('SIGKILL');
      const { api, worker, gateway } = services;
      await Promise.all([api.kill(), worker.kill(), gateway.kill()]);
      await Promise.all(servers().map((server) => server.exited));
    },
    async startAgain() {
      running = await set.start();
      await services.start();
    },
  };
}
