import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchFailure, reasonOf, type Report } from './failure';
import { untilReady, type ManagedProcess, type ProcessSpec } from './managedProcess';
import type { Parts } from './parts';
import { repositoryRoot } from './repository';

export interface ServiceSpec {
  name: 'API' | 'worker' | 'gateway';
  /** Its compiled entry point below `dist`. */
  entry: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Answers 2xx once the service can do its work. */
  readyUrl: string;
}

/** A process of our own that is started again whenever it ends by itself. */
export interface Service {
  restart(): Promise<void>;
}

const READY_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** One that ran this long had a good start: the pauses begin anew. */
const HEALTHY_MS = 60_000;

/**
 * V8 grows its heap as long as nobody says how far it may: API and worker then take 700 MB under load where 440
 * do, at no cost in speed that `npm run bench` can see. MB; what they hold for good is about 100.
 */
const HEAP = ['--max-old-space-size=256', '--max-semi-space-size=4'];

/** How one of our own processes is run, here and in tests. Draining work under way may take 25 s. */
export function serviceProcess(spec: Omit<ServiceSpec, 'readyUrl'>): ProcessSpec {
  return {
    name: spec.name,
    command: process.execPath,
    args: [...HEAP, path.join(repositoryRoot(), 'dist', spec.entry)],
    env: spec.env,
    logFile: spec.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 25_000,
  };
}

/** Resolves once `url` answers 2xx. @throws {LaunchFailure} when the process ends or is not ready in time */
export async function untilHealthy(managed: ManagedProcess, url: string): Promise<void> {
  await untilReady(managed, () => answersWell(url), READY_MS);
}

/**
 * Starts a service and waits until it is ready; from then on it is kept running.
 *
 * @throws {LaunchFailure} when this first start fails
 */
export async function startService(spec: ServiceSpec, parts: Parts, report: Report): Promise<Service> {
  let current: ManagedProcess;
  let pause = FIRST_PAUSE_MS;
  /** Ended on purpose, to be replaced. */
  const replaced = new WeakSet<ManagedProcess>();

  async function start(): Promise<void> {
    const managed = parts.spawn(serviceProcess(spec));
    current = managed;
    await untilHealthy(managed, spec.readyUrl);
    void keepRunning(managed, Date.now());
  }

  async function keepRunning(managed: ManagedProcess, since: number): Promise<void> {
    let how = await managed.exited;
    if (Date.now() - since > HEALTHY_MS) pause = FIRST_PAUSE_MS;
    while (!parts.isStopping() && !replaced.has(managed)) {
      report(`${spec.name} stopped (${how}); starting it again in ${pause / 1000} s`);
      await sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      try {
        await start();
        report(`${spec.name} is back`);
        return;
      } catch (error) {
        how = reasonOf(error);
        await current.stop();
      }
    }
  }

  await start();
  return {
    async restart() {
      replaced.add(current);
      await current.stop();
      await start();
    },
  };
}

async function answersWell(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new LaunchFailure(`${url} answers ${response.status}: ${await response.text()}`);
}
