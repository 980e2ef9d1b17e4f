import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import { createGuard } from '../../src/launcher/processes/guard';
import { createSpawner, type Spawner } from '../../src/launcher/processes/managedProcess';
import { freePort } from '../../src/launcher/ports';
import { createTestDatabase } from './database';
import { testEnvironment } from './environment';
import { createTestRedis } from './redis';
import { createStackProcess, type StackProcess } from './stackProcess';

export interface Stack {
  apiUrl: string;
  /** Prometheus metrics of the API. */
  metricsUrl: string;
  workerMetricsUrl: string;
  gatewayUrl: string;
  /** The secret that the gateway requires. */
  gatewaySecret: string;
  /** The secret that signs the gateway's messages. */
  webhookSecret: string;
  databaseUrl: string;
  redisUrl: string;
  /** Acts as the schema's owner. */
  ownerDb: Knex;
  redis: Redis;
  temporal: { address: string; namespace: string; taskQueue: string };
  /** The settings of the API and the worker, for more processes beside them. */
  env: NodeJS.ProcessEnv;
  api: StackProcess;
  worker: StackProcess;
  gateway: StackProcess;
  /** Stops the processes, the API first and the gateway last, and removes their data. */
  stop(): Promise<void>;
}

export interface StackServers {
  databaseUrl: string;
  redisUrl: string;
  temporalAddress: string;
}

export interface StackServices {
  apiUrl: string;
  metricsUrl: string;
  workerMetricsUrl: string;
  gatewayUrl: string;
  gatewaySecret: string;
  /** The secret that signs the gateway's messages. */
  webhookSecret: string;
  taskQueue: string;
  env: NodeJS.ProcessEnv;
  api: StackProcess;
  worker: StackProcess;
  gateway: StackProcess;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the compiled API, worker and sandbox gateway as processes, with their own database, Redis database, task
 * queue and ports. They need a build: `npm test` makes it. If you run Jest directly, run `npm run build` before.
 *
 * @param env settings of the API and the worker that differ from the defaults, such as `HOLD_SECONDS`
 */
export async function startStack({ env = {} }: { env?: NodeJS.ProcessEnv } = {}): Promise<Stack> {
  const home = await createStackFolder();
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const address = testEnvironment('TEST_TEMPORAL_ADDRESS');
  const servers = { databaseUrl: database.url, redisUrl: redis.url, temporalAddress: address };
  const services = await createStackServices(home.folder, home.spawn, servers, env);
  const clean = async (): Promise<void> => {
    await services.stop();
    await Promise.all([database.drop(), redis.drop()]);
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
    databaseUrl: database.url,
    redisUrl: redis.url,
    ownerDb: database.owner,
    redis: redis.redis,
    temporal: { address, namespace: 'default', taskQueue: services.taskQueue },
    stop: clean,
  };
}

/** Makes a folder below the folder of the run, and a spawner whose processes end with this process in any case. */
export async function createStackFolder(): Promise<{
  folder: string;
  spawn: Spawner;
  remove(): Promise<void>;
}> {
  const folder = path.join(testEnvironment('TEST_FOLDER'), `stack-${randomUUID()}`);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const guard = createGuard(folder);
  return {
    folder,
    spawn: createSpawner(guard),
    async remove() {
      guard.dismiss();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The three processes with their settings. They are not started yet. */
export async function createStackServices(
  folder: string,
  spawn: Spawner,
  servers: StackServers,
  env: NodeJS.ProcessEnv,
): Promise<StackServices> {
  const port = {
    api: await freePort(),
    metrics: await freePort(),
    worker: await freePort(),
    gateway: await freePort(),
  };
  const gatewaySecret = randomUUID();
  const webhookSecret = randomUUID();
  const taskQueue = `test-${randomUUID()}`;
  const shared = {
    PATH: process.env['PATH'],
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    SANDBOX_SECRET: gatewaySecret,
    SANDBOX_WEBHOOK_SECRET: webhookSecret,
  };
  const settings = {
    ...shared,
    PORT: String(port.api),
    METRICS_PORT: String(port.metrics),
    WORKER_METRICS_PORT: String(port.worker),
    DATA_DIR: folder,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_TASK_QUEUE: taskQueue,
    SANDBOX_GATEWAY_URL: local(port.gateway),
    RATE_LIMIT_FACTOR: '0',
    ...env,
  };
  const logFile = (name: string): string => path.join(folder, `${name}.log`);
  const gateway = createStackProcess(spawn, {
    name: 'gateway',
    entry: 'sandbox/main.js',
    env: {
      ...shared,
      SANDBOX_PORT: String(port.gateway),
      SANDBOX_DATA_DIR: path.join(folder, 'gateway'),
      SANDBOX_WEBHOOK_URL: `${local(port.api)}/v1/webhooks/sandbox`,
    },
    logFile: logFile('gateway'),
    readyUrl: `${local(port.gateway)}/healthz`,
  });
  const worker = createStackProcess(spawn, {
    name: 'worker',
    entry: 'src/worker/main.js',
    env: settings,
    logFile: logFile('worker'),
    readyUrl: `${local(port.worker)}/readyz`,
  });
  const api = createStackProcess(spawn, {
    name: 'API',
    entry: 'src/api/main.js',
    env: settings,
    logFile: logFile('api'),
    readyUrl: `${local(port.api)}/readyz`,
  });
  return {
    apiUrl: local(port.api),
    metricsUrl: `${local(port.metrics)}/metrics`,
    workerMetricsUrl: `${local(port.worker)}/metrics`,
    gatewayUrl: local(port.gateway),
    gatewaySecret,
    webhookSecret,
    taskQueue,
    env: settings,
    api,
    worker,
    gateway,
    async start() {
      await Promise.all([gateway.start(), worker.start(), api.start()]);
    },
    async stop() {
      await api.stop();
      await worker.stop();
      await gateway.stop();
    },
  };
}

function local(port: number): string {
  return `http://127.0.0.1:${port}`;
}
