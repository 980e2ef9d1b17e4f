import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { INSTANCE_HEADER } from '../../config/instance';
import { LaunchFailure } from '../failure';
import { orStop, untilReady, type ManagedProcess, type Spawner } from './managedProcess';
import { repositoryRoot } from '../../config/repository';

export interface ServiceSpec {
  name: 'API' | 'worker' | 'gateway';
  /** Its compiled entry point below `dist`. */
  entry: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Responds with 2xx once the service is ready for work. */
  readyUrl: string;
}

/**
 * A worker waits until one of its versions is current. If a worker was killed while it made a version current,
 * Temporal needs up to a minute (measured: 54 s).
 */
const READY_MS: Readonly<Record<ServiceSpec['name'], number>> = {
  API: 60_000,
  worker: 180_000,
  gateway: 60_000,
};

/**
 * MB. Without a limit, V8 grows its heap, and `npm run bench` measures no gain in speed from that. A process holds
 * about 100 MB permanently. V8 may use `old` and three times `semiSpace`, where new objects are. In the API that is 524
 * MB. Its bounds follow from this sum (src/api/http/bounds.ts), so it has room for everything that its clients may hold.
 *
 * The API has thousands of requests at once when a crowd arrives. With a `semiSpace` of 4 MB, a fifth of its processor
 * time was garbage collection then.
 */
const HEAP_MB: Readonly<Record<ServiceSpec['name'], { old: number; semiSpace: number }>> = {
  API: { old: 476, semiSpace: 16 },
  worker: { old: 256, semiSpace: 4 },
  gateway: { old: 256, semiSpace: 4 },
};

/**
 * Starts one of our own processes, in the launcher and in tests. To finish its current work, a process may take 25 s.
 *
 * @returns the process, and a check that resolves once the process is ready for work. The check rejects if the
 *   process ends or is not ready in time. Responses of another process on the same port do not count.
 */
export function spawnService(
  spec: ServiceSpec,
  spawn: Spawner,
): { managed: ManagedProcess; untilHealthy: () => Promise<void> } {
  const instance = randomUUID();
  const heap = HEAP_MB[spec.name];
  const managed = spawn({
    name: spec.name,
    command: process.execPath,
    args: [
      `--max-old-space-size=${heap.old}`,
      `--max-semi-space-size=${heap.semiSpace}`,
      path.join(repositoryRoot(), 'dist', spec.entry),
    ],
    env: { ...spec.env, HOLDFAST_INSTANCE: instance },
    logFile: spec.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 25_000,
  });
  const answers = async (): Promise<void> => answersWell(spec.readyUrl, instance);
  return { managed, untilHealthy: async () => untilReady(managed, answers, READY_MS[spec.name]) };
}

/**
 * Starts a service and waits until it is ready.
 *
 * @throws {LaunchFailure} if the service does not start; then it leaves no process behind
 */
export async function startService(spec: ServiceSpec, spawn: Spawner): Promise<ManagedProcess> {
  const { managed, untilHealthy } = spawnService(spec, spawn);
  return orStop(managed, untilHealthy());
}

async function answersWell(url: string, instance: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const text = await response.text();
  if (!response.ok) throw new LaunchFailure(`${url} returns ${response.status}: ${text}`);
  if (response.headers.get(INSTANCE_HEADER) !== instance) {
    throw new LaunchFailure(`another process responds at ${url}`);
  }
}
