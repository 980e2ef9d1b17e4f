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

/** Folders of earlier releases lack those that were added since. */
const port = z.int().default(0);
const generated = z.string().min(32);

/** Read before anything else, because a later release may have changed the rest. */
const versionSchema = z.looseObject({
  /** The last migration of the database in this folder. */
  migration: z.string().optional(),
});

/** Loose: what a later release has added is kept as it is, for its next start. */
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
 * @throws as `readLaunchState` does
 */
export async function openLaunchState(folder: string, reserved: readonly number[]): Promise<LaunchState> {
  const state = readLaunchState(folder) ?? generate();
  for (const name of PORTS) {
    state.ports[name] = await freePort(state.ports[name], reserved);
  }
  write(folder, state);
  return state;
}

/** Notes that the embedded database has been migrated by this release, for an earlier one that is started later. */
export function noteMigration(folder: string, state: LaunchState): void {
  write(folder, { ...state, migration: LATEST_MIGRATION });
}

function write(folder: string, state: LaunchState): void {
  writeWhole(path.join(folder, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * The state of a data folder that a launcher has used; undefined where there is none.
 *
 * @throws {NewerDatabaseError} where a later release has migrated the database of this folder
 * @throws {LaunchFailure} where the file is damaged
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

/** The embedded database, as the service logs in to it. */
export function databaseUrl({ ports, secrets }: LaunchState): string {
  return `postgres://holdfast_service:${secrets.service}@127.0.0.1:${ports.postgres}/holdfast`;
}

function parse<Schema extends z.ZodType>(shape: Schema, file: string): z.infer<Schema> {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
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
