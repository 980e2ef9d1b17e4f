import path from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../workflows/searchAttributes';
import type { Report } from './failure';
import { makeFolder } from './folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from './managedProcess';
import { addSearchAttributes } from './searchAttributes';
import { findTemporal } from './temporalBinary';

export interface TemporalOptions {
  /** The folder of the server's database; made when it is not there. */
  folder: string;
  port: number;
  /** Undefined: without the UI. */
  uiPort?: number;
  logFile: string;
  spawn: Spawner;
  report: Report;
}

export interface RunningTemporal {
  how: string;
  address: string;
  process: ManagedProcess;
}

/** `synchronous=FULL` keeps what was acknowledged through a crash; WAL gives back the speed. */
const PRAGMAS = ['journal_mode=WAL', 'synchronous=FULL'];

/** Starts the Temporal server, and its UI where wanted, on the loopback with its state in a file. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { file, how } = await findTemporal(options.report);
  makeFolder(options.folder, 0o700);
  const managed = options.spawn({
    name: 'Temporal',
    command: file,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${options.port}`,
      `--db-filename=${path.join(options.folder, 'temporal.db')}`,
      ...PRAGMAS.map((pragma) => `--sqlite-pragma=${pragma}`),
      ...SEARCH_ATTRIBUTES.map(({ name }) => `--search-attribute=${name}=Keyword`),
      ...(options.uiPort === undefined
        ? ['--headless']
        : ['--ui-ip=127.0.0.1', `--ui-port=${options.uiPort}`]),
      '--log-format=json',
      '--log-level=warn',
      '--disable-config-file',
      '--disable-config-env',
    ],
    // A home of its own: the CLI would read the user's settings and look for updates there.
    env: { HOME: options.folder, TZ: 'UTC' },
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  });
  const address = `127.0.0.1:${options.port}`;
  await orStop(
    managed,
    untilReady(managed, () => serves(address), 60_000),
  );
  return { how, address, process: managed };
}

/** Ready: the default namespace is there, with the search attributes. */
async function serves(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    // The flags name them for a new database; one of an earlier version lacks the later ones.
    const added = await connection.withDeadline(Date.now() + 2_000, () =>
      addSearchAttributes(connection, 'default'),
    );
    if (added.length > 0) throw new Error(`no search attributes ${added.join(', ')} yet`);
  } finally {
    await connection.close();
  }
}
