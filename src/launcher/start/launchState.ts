import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isKnownMigration, LATEST_MIGRATION, NewerDatabaseError } from '../../db/migrate';
import { writeWhole } from './dataFolder';
import { LaunchFailure } from '../failure';
import { freePort } from '../ports';

const PORTS = [
  'postgres',
  'redis',
  'temporal',
  'temporalHttp',
  'temporalMetrics',
  'temporalUi',
  'gateway',
  'metrics',
  'workerMetrics',
] as const;

/** Folders of earlier releases lack the ports that later releases added. */
const port = z.int().default(0);
const generated = z.string().min(32);

/** Read first, because a later release may have changed the rest. */
const versionSchema = z.looseObject({
  /** The last migration of the database in this folder. */
  migration: z.string().optional(),
});

/** Loose: it keeps what a later release added, for the next start of that release. */
const schema = versionSchema.extend({
  ports: z.looseObject({
    postgres: port,
    redis: port,
    temporal: port,
    temporalHttp: port,
    temporalMetrics: port,
    temporalUi: port,
    gateway: port,
    metrics: port,
    workerMetrics: port,
  }),
  secrets: z.looseObject({
    superuser: generated,
    owner: generated,
    service: generated,
    redis: generated,
    gateway: generated,
    /** Folders from before the gateway sent messages have none. */
    webhooks: generated.default(secret),
  }),
});

/** What one start passes to the next: generated passwords, and the internal ports. */
export type LaunchState = z.infer<typeof schema>;

/**
 * Reads the state of a data folder, or makes it. If another program has taken a port in the meantime, the port
 * changes. The passwords stay, because the databases know them.
 *
 * @param reserved ports that the operator has chosen for other uses
 * @throws the same errors as `readLaunchState`
 */
export async function openLaunchState(folder: string, reserved: readonly number[]): Promise<LaunchState> {
  const state = readLaunchState(folder) ?? generate();
  for (const name of PORTS) {
    state.ports[name] = await freePort(state.ports[name], reserved);
  }
  write(folder, state);
  return state;
}

/**
 * Notes that this release has migrated the embedded database. An earlier release that is started later reads the
 * note.
 */
export function noteMigration(folder: string, state: LaunchState): void {
  write(folder, { ...state, migration: LATEST_MIGRATION });
}

function write(folder: string, state: LaunchState): void {
  writeWhole(path.join(folder, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * The state of a data folder that a launcher has used; undefined if there is none.
 *
 * @throws {NewerDatabaseError} if a later release has migrated the database of this folder
 * @throws {LaunchFailure} if the file is damaged
 */
export function readLaunchState(folder: string): LaunchState | undefined {
  const file = path.join(folder, 'state.json');
  if (!existsSync(file)) return undefined;
  const { migration } = parse(versionSchema, file);
  if (migration !== undefined && !isKnownMigration(migration)) {
    throw new NewerDatabaseError(`the data folder ${folder}`, migration);
  }
  return parse(schema, file);
}

/** The URL with which the service logs in to the embedded database. */
export function databaseUrl({ ports, secrets }: LaunchState): string {
  return `postgres://holdfast_service:${secrets.service}@127.0.0.1:${ports.postgres}/holdfast`;
}

function parse<Schema extends z.ZodType>(shape: Schema, file: string): z.infer<Schema> {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new LaunchFailure(
      `${file} is damaged. It holds the passwords of the databases beside it: restore the file, or move the ` +
        'folder away to start again from nothing',
    );
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

function generate(): LaunchState {
  return schema.parse({
    ports: {},
    secrets: {
      superuser: secret(),
      owner: secret(),
      service: secret(),
      redis: secret(),
      gateway: secret(),
      webhooks: secret(),
    },
  });
}
