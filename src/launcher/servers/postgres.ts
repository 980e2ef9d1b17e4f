import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { LaunchFailure, reasonOf } from '../failure';
import { run } from '../binaries/commands';
import { makeFolder } from '../folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from '../processes/managedProcess';
import { choosePostgresUser, findPostgresBinaries, type PostgresUser } from '../binaries/postgresBinaries';
import { commandLineOf, endProcess, identify } from '../processes/processIdentity';

export interface PostgresOptions {
  /** The cluster's folder. It is made if it does not exist. */
  folder: string;
  port: number;
  superuserPassword: string;
  logFile: string;
  spawn: Spawner;
  /**
   * False only for test data. Then a crash of the machine may destroy the whole cluster, and each commit is cheaper
   * because it does not wait for the disk.
   */
  durable: boolean;
}

export interface RunningPostgres {
  how: string;
  /** Connects as the superuser to the maintenance database. */
  superuserUrl: string;
  process: ManagedProcess;
}

/** After a crash, Postgres reads everything that was written since the last checkpoint. */
const READY_MS = 300_000;

/**
 * Starts the embedded Postgres on the loopback, with scram passwords and without a socket file. If a crash left the
 * cluster, Postgres recovers it before this function resolves.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = findPostgresBinaries();
  makeFolder(path.dirname(options.folder));
  const user = choosePostgresUser([binaries, path.dirname(options.folder)]);
  if (!existsSync(options.folder)) await initialise(options, binaries, user);
  await endLeftover(options.folder);

  const { command, args } = user.commandLine(path.join(binaries, 'postgres'), serverArguments(options));
  const managed = options.spawn({
    name: 'Postgres',
    command,
    args,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    logFile: options.logFile,
    ...user.spawnOptions,
    // The "fast" shutdown: Postgres rolls back open transactions and writes everything else.
    stopSignal: 'SIGINT',
    graceMs: 20_000,
  });
  const superuserUrl = `postgres://postgres:${options.superuserPassword}@127.0.0.1:${options.port}/postgres`;
  await orStop(
    managed,
    untilReady(managed, () => pingPostgres(superuserUrl), READY_MS),
  );
  return { how: 'embedded Postgres 18 (npm)', superuserUrl, process: managed };
}

/** Makes the cluster in a second folder and renames it, so that a cluster is either complete or absent. */
async function initialise(options: PostgresOptions, binaries: string, user: PostgresUser): Promise<void> {
  const partial = `${options.folder}.partial`;
  const passwordFile = `${options.folder}.password-${randomUUID()}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  await writeFile(passwordFile, options.superuserPassword, { mode: 0o600 });
  if (user.owner) {
    await chown(partial, user.owner.uid, user.owner.gid);
    await chown(passwordFile, user.owner.uid, user.owner.gid);
  }
  const { command, args } = user.commandLine(path.join(binaries, 'initdb'), [
    `--pgdata=${partial}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Case and sort order follow Unicode. So they are the same on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    ...(options.durable ? [] : ['--no-sync']),
  ]);
  try {
    await run(command, args, { timeoutMs: 120_000, env: { LC_ALL: 'C' }, ...user.spawnOptions });
  } catch (error) {
    throw new LaunchFailure(
      `the launcher cannot make the Postgres data folder ${options.folder}: ${reasonOf(error)}`,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(partial, options.folder);
}

function serverArguments(options: PostgresOptions): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port: options.port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    // Statements here are short; to compile them costs more than it saves.
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // `synchronous_commit` stays on: without it, an acknowledged commit would be lost if the process dies.
    ...(options.durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', options.folder, ...flags];
}

/**
 * If an earlier server was killed hard, it may still run, or only its pid file may be left. The pid in that file may
 * now belong to any process. The caller holds the lock of the data folder, so no other launcher may use it.
 */
async function endLeftover(folder: string): Promise<void> {
  const pidFile = path.join(folder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [pid, dataFolder] = (await readFile(pidFile, 'utf8')).split('\n');
  const identity = identify(Number(pid));
  if (identity && dataFolder === folder && commandLineOf(identity.pid).includes('postgres')) {
    await endProcess(identity, 'SIGINT', 10_000);
  }
  await rm(pidFile, { force: true });
}

/** Rejects if it cannot connect, or if there is no response in time. */
export async function pingPostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}
