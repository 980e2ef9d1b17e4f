import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { LaunchFailure, reasonOf, type Report } from '../failure';
import { makeFolder } from '../folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from '../processes/managedProcess';
import { findRedis } from '../binaries/redisBinary';

export interface RedisOptions {
  /** The server's folder. It is made if it does not exist. */
  folder: string;
  port: number;
  password: string;
  logFile: string;
  /** The number of numbered databases. */
  databases: number;
  spawn: Spawner;
  report: Report;
}

export interface RunningRedis {
  how: string;
  url: string;
  process: ManagedProcess;
}

/** Redis reads its file before it responds. */
const READY_MS = 60_000;
/**
 * Last words that show a problem of the machine. The data is fine then, so setting it aside would lose it for
 * nothing.
 */
const NOT_THE_DATA = /no space left|permission denied|already in use|cannot allocate/i;

/** The server ends during its start because it cannot read its file. */
class UnreadableData extends LaunchFailure {}

/**
 * Starts Redis on the loopback, with a password and an append-only file. If the server cannot read the file (a crash
 * cut it, or a later version wrote it), the launcher sets it aside. This is safe: no data in Redis decides who owns a
 * seat.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { file, how } = await findRedis(options.report);
  try {
    return { how, ...(await start(file, options)) };
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    const aside = `${options.folder}.unreadable-${Date.now()}`;
    options.report(`Redis: cannot read its data (${reasonOf(error)}); moved this data to ${aside}`);
    await rename(options.folder, aside);
    return { how, ...(await start(file, options)) };
  }
}

async function start(file: string, options: RedisOptions): Promise<Omit<RunningRedis, 'how'>> {
  makeFolder(options.folder, 0o700);
  // A file, because every user of the machine can read a command line.
  const configFile = path.join(options.folder, 'redis.conf');
  await writeFile(configFile, configuration(options), { mode: 0o600 });
  const managed = options.spawn({
    name: 'Redis',
    command: file,
    args: [configFile],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 10_000,
  });
  const url = `redis://:${options.password}@127.0.0.1:${options.port}`;
  const ready = untilReady(managed, () => pingRedis(url), READY_MS).catch(async (error: unknown) => {
    const how = managed.hasExited() ? await managed.exited : '';
    // Exit code 0: something stopped the server while it read its file, such as Ctrl-C.
    const hasFailed = how.startsWith('exit code') && how !== 'exit code 0';
    if (!hasFailed || NOT_THE_DATA.test(managed.lastWords())) throw error;
    throw new UnreadableData(reasonOf(error));
  });
  return { url, process: await orStop(managed, ready) };
}

function configuration(options: RedisOptions): string {
  return [
    'bind 127.0.0.1',
    `port ${options.port}`,
    `requirepass ${options.password}`,
    `dir "${options.folder}"`,
    `databases ${options.databases}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'daemonize no',
    // A lost key costs order and speed. An eviction would lose keys silently.
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

/** Rejects if it cannot connect, or if there is no response in time. */
export async function pingRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
