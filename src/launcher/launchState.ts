import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writeWhole } from './dataFolder';
import { LaunchFailure } from './failure';
import { freePort } from './ports';

const PORTS = ['postgres', 'redis', 'temporal', 'gateway', 'metrics', 'workerMetrics'] as const;

const generated = z.string().min(32);

const schema = z.object({
  ports: z.record(z.enum(PORTS), z.int()),
  secrets: z.object({
    superuser: generated,
    owner: generated,
    service: generated,
    redis: generated,
    gateway: generated,
    /** Folders of before the gateway sent messages have none. */
    webhooks: generated.default(secret),
  }),
});

/** What one start hands to the next: generated passwords, and the ports inside. */
export type LaunchState = z.infer<typeof schema>;

/**
 * Reads the state of a data folder, or makes it. A port that somebody else has taken meanwhile is changed;
 * the passwords stay, because the databases know them.
 *
 * @param reserved ports that the operator has chosen for something else
 */
export async function openLaunchState(folder: string, reserved: readonly number[]): Promise<LaunchState> {
  const state = readLaunchState(folder) ?? generate();
  for (const name of PORTS) {
    state.ports[name] = await freePort(state.ports[name], reserved);
  }
  writeWhole(path.join(folder, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
  return state;
}

/** The state of a data folder that a launcher has used; undefined where there is none. */
export function readLaunchState(folder: string): LaunchState | undefined {
  const file = path.join(folder, 'state.json');
  return existsSync(file) ? read(file) : undefined;
}

/** The embedded database, as the service logs in to it. */
export function databaseUrl({ ports, secrets }: LaunchState): string {
  return `postgres://holdfast_service:${secrets.service}@127.0.0.1:${ports.postgres}/holdfast`;
}

function read(file: string): LaunchState {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new LaunchFailure(
      `${file}, which holds the passwords of the databases beside it, is damaged: restore it, or move the ` +
        'folder away to begin anew',
    );
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

function generate(): LaunchState {
  return {
    ports: { postgres: 0, redis: 0, temporal: 0, gateway: 0, metrics: 0, workerMetrics: 0 },
    secrets: {
      superuser: secret(),
      owner: secret(),
      service: secret(),
      redis: secret(),
      gateway: secret(),
      webhooks: secret(),
    },
  };
}
