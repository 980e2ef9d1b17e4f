import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { LaunchFailure, reasonOf, type Report } from '../failure';
import { makeFolder } from '../folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from '../processes/managedProcess';
import { findRedis } from '../binaries/redisBinary';

export interface RedisOptions {
  /** The server's folder; made when it is not there. */
  folder: string;
  port: number;
  password: string;
  logFile: string;
  /** How many numbered databases it has. */
  databases: number;
  spawn: Spawner;
  report: Report;
}

export interface RunningRedis {
  how: string;
  url: string;
  process: ManagedProcess;
}

/** It reads its file before it answers. */
const READY_MS = 60_000;
/** Last words that blame the machine. Data that is set aside for them would be lost for nothing. */
const NOT_THE_DATA = /no space left|permission denied|already in use|cannot allocate/i;

/** The server ends at its start because it cannot read its file. */
class UnreadableData extends LaunchFailure {}

/**
 * Starts Redis on the loopback, with a password and an append-only file. A file that the server cannot read
 * (cut by a crash, or written by a later version) is set aside: nothing in Redis decides who owns a seat.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { file, how } = await findRedis(options.report);
  try {
    return { how, ...(await start(file, options)) };
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    const aside = `${options.folder}.unreadable-${Date.now()}`;
    options.report(`Redis: does not start on its data (${reasonOf(error)}); set aside as ${aside}`);
    await rename(options.folder, aside);
    return { how, ...(await start(file, options)) };
  }
}

async function start(file: string, options: RedisOptions): Promise<Omit<RunningRedis, 'how'>> {
  makeFolder(options.folder, 0o700);
  // A file, because anybody on the machine can read a command line.
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
    // Code 0: it was asked to stop while it still read its file, as by Ctrl-C.
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
    // A lost key costs order and speed; an evicted one would do so silently.
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

/** Rejects where no connection can be made, or nothing answers on it in time. */
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
