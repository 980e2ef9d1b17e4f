import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import getPort from 'get-port';
import { z } from 'zod';
import { repositoryRoot } from '../../src/config/repository';

export const OPERATOR_PASSWORD = 'operator-of-the-benchmark';

/** An admitted place lasts longer than the longest run, so that no user enters a room twice. */
export const ACTIVE_SECONDS = 2 * 60 * 60;

const PARTS = ['API', 'worker', 'Temporal', 'Postgres', 'Redis', 'gateway'] as const;
export type Part = (typeof PARTS)[number];

export interface Stack {
  apiUrl: string;
  /** Prometheus metrics of the API. */
  metricsUrl: string;
  temporalAddress: string;
  gatewayUrl: string;
  gatewaySecret: string;
  redisUrl: string;
  /** The login of the schema's owner. */
  ownerUrl: string;
  /** The folder with the data of the processes and the records of the clients. */
  folder: string;
  pids: Record<Part, number>;
  /** Ends every part and removes its data. */
  stop(): Promise<void>;
}

/** Settings of the user's environment that would lead the benchmark to other servers. */
const FOREIGN =
  /^(DATABASE_|REDIS_|TEMPORAL_|SANDBOX_|PAYMENT_|HOLD_|SETTLE_|QUEUE_|METRICS_|WORKER_|WORKFLOW_|OPERATOR_)/;

/**
 * Starts Holdfast as `npm start` runs it, durable, with its own ports and data. Only the rate limits and the demo
 * catalogue are off, and the waiting room of the service has room for all users.
 *
 * @throws if it does not start; the error contains the output of the launcher
 */
export async function startStack(label: string): Promise<Stack> {
  const folder = path.join(repositoryRoot(), '.data-bench', `${label}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const port = await getPort({ host: '127.0.0.1', reserve: true });
  const uiPort = await getPort({ host: '127.0.0.1', reserve: true });
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const launcher = spawn(process.execPath, [path.join(repositoryRoot(), 'dist/src/launcher/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...Object.fromEntries(inherited),
      HOST: '127.0.0.1',
      PORT: String(port),
      TEMPORAL_UI_PORT: String(uiPort),
      DATA_DIR: folder,
      DEMO_DATA: 'false',
      RATE_LIMIT_FACTOR: '0',
      OPERATOR_PASSWORD,
      QUEUE_TOKEN_TTL_SECONDS: String(ACTIVE_SECONDS),
      QUEUE_CAPACITY: '1000000',
    },
  });
  const exited = once(launcher, 'exit');
  const stop = async (): Promise<void> => {
    launcher.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  let said = '';
  launcher.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ready = async (): Promise<void> => {
    while (!said.includes('Holdfast is ready')) {
      const [code] = await Promise.race([once(launcher.stdout, 'data').then(() => [null]), exited]);
      if (code !== null) throw new Error(`the stack did not start:\n${said}`);
    }
  };
  try {
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  const { ports, secrets } = read(folder, 'state.json', stateSchema);
  const running = read(folder, 'processes.json', processesSchema);
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics`,
    temporalAddress: `127.0.0.1:${ports.temporal}`,
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    gatewaySecret: secrets.gateway,
    redisUrl: `redis://:${secrets.redis}@127.0.0.1:${ports.redis}`,
    folder,
    ownerUrl: `postgres://holdfast_owner:${secrets.owner}@127.0.0.1:${ports.postgres}/holdfast`,
    pids: pidsSchema.parse(Object.fromEntries(running.map(({ name, pid }) => [name, pid]))),
    stop,
  };
}

const stateSchema = z.object({
  ports: z.object({
    metrics: z.int(),
    temporal: z.int(),
    gateway: z.int(),
    postgres: z.int(),
    redis: z.int(),
  }),
  secrets: z.object({ gateway: z.string(), owner: z.string(), redis: z.string() }),
});
const processesSchema = z.array(z.object({ name: z.string(), pid: z.int() }));
const pidsSchema = z.record(z.enum(PARTS), z.int());

function read<Schema extends z.ZodType>(folder: string, name: string, schema: Schema): z.infer<Schema> {
  return schema.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
}
