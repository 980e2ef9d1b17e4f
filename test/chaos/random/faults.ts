import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Part, Parts } from './parts';
import { SERVERS, type Fault, type Step } from './plan';

/** A start may fail while another part is away. A supervisor tries again as well. */
const STARTS = 3;

export interface Inflicting {
  parts: Parts;
  redis: Redis;
  /** Gets one line for each fault. */
  log: (line: string) => void;
  /** Gets what the service did wrong. */
  found: (finding: string) => void;
}

/** Inflicts the faults of a plan, one step after the other, until the signal ends it. All parts run at the end. */
export async function inflict(
  steps: readonly Step[],
  { parts, redis, log, found }: Inflicting,
  signal: AbortSignal,
): Promise<Fault[]> {
  const done: Fault[] = [];
  for (const { pauseMs, faults } of steps) {
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    await startDead();
    log(faults.map(inWords).join(', and '));
    const ofServers = faults.filter(isOfServer);
    const serversRun = Promise.all(ofServers.map(async (fault) => suffer(fault, Promise.resolve())));
    const others = faults.filter((fault) => !isOfServer(fault));
    await Promise.all([serversRun, ...others.map(async (fault) => suffer(fault, serversRun))]);
    done.push(...faults);
  }
  await startDead();
  return done;

  /** No process may end unless it is killed. */
  async function startDead(): Promise<void> {
    for (const part of Object.values(parts)) {
      if (!part.hasExited()) continue;
      found(`${part.name} has ended although nothing killed it`);
      await start(part);
    }
  }

  /** @param serversRun the process needs them to start */
  async function suffer({ kind, part: name, seconds }: Fault, serversRun: Promise<unknown>): Promise<void> {
    const part = parts[name];
    if (kind === 'freeze') {
      part.signal('SIGSTOP');
      await sleep(seconds * 1_000);
      part.signal('SIGCONT');
    } else if (kind === 'FLUSHALL') {
      await redis.flushall();
    } else if (kind === 'SCRIPT FLUSH') {
      await redis.script('FLUSH');
    } else {
      await part.end(kind === 'kill' ? 'SIGKILL' : 'SIGQUIT');
      await sleep(seconds * 1_000);
      await serversRun;
      await start(part);
    }
  }

  async function start(part: Part): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await part.start();
        return;
      } catch (error) {
        found(`${part.name} did not start: ${String(error)}`);
        await part.stop();
        if (tries === STARTS) return;
      }
    }
  }
}

const isOfServer = ({ part }: Fault): boolean => SERVERS.some((server) => server === part);

function inWords({ kind, part, seconds }: Fault): string {
  switch (kind) {
    case 'freeze':
      return `freeze ${part} for ${seconds} s`;
    case 'kill':
      return `kill ${part}, start it after ${seconds} s`;
    default:
      return `${kind} of ${part}`;
  }
}
