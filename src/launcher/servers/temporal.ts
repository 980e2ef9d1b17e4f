import path from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes';
import type { Report } from '../failure';
import { makeFolder } from '../folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from '../processes/managedProcess';
import { addSearchAttributes } from './searchAttributes';
import { findTemporal } from '../binaries/temporalBinary';

export interface TemporalOptions {
  /** The folder of the server's database. It is made if it does not exist. */
  folder: string;
  ports: TemporalPorts;
  logFile: string;
  spawn: Spawner;
  report: Report;
}

/** Each port is on the loopback. Without these choices, the server would take random ports for HTTP and metrics. */
export interface TemporalPorts {
  grpc: number;
  http: number;
  metrics: number;
  /** Undefined: the server starts without the UI. */
  ui?: number;
}

export interface RunningTemporal {
  how: string;
  address: string;
  process: ManagedProcess;
}

/** `synchronous=FULL` keeps acknowledged data through a crash. WAL makes up for the lost speed. */
const PRAGMAS = ['journal_mode=WAL', 'synchronous=FULL'];

/**
 * The only host name under which the HTTP API responds. No name below `.invalid` exists, so no web page can call the
 * API. Otherwise a web page could start workflows with a `text/plain` POST. Holdfast does not use this API, and it
 * cannot be switched off.
 */
const NOBODY = 'nobody.invalid';

/** Starts the Temporal server on the loopback, with its state in a file. Starts its UI if the options ask for it. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { ports } = options;
  const { file, how } = await findTemporal(options.report);
  makeFolder(options.folder, 0o700);
  const managed = options.spawn({
    name: 'Temporal',
    command: file,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${ports.grpc}`,
      `--http-port=${ports.http}`,
      `--metrics-port=${ports.metrics}`,
      `--dynamic-config-value=frontend.httpAllowedHosts=${JSON.stringify([NOBODY])}`,
      `--db-filename=${path.join(options.folder, 'temporal.db')}`,
      ...PRAGMAS.map((pragma) => `--sqlite-pragma=${pragma}`),
      ...SEARCH_ATTRIBUTES.map(({ name }) => `--search-attribute=${name}=Keyword`),
      ...(ports.ui === undefined ? ['--headless'] : ['--ui-ip=127.0.0.1', `--ui-port=${ports.ui}`]),
      '--log-format=json',
      '--log-level=warn',
      '--disable-config-file',
      '--disable-config-env',
    ],
    // Its own home folder: otherwise the CLI would read the user's settings and look for updates there.
    env: { HOME: options.folder, TZ: 'UTC' },
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  });
  const address = `127.0.0.1:${ports.grpc}`;
  await orStop(
    managed,
    untilReady(managed, () => serves(address), 60_000),
  );
  return { how, address, process: managed };
}

/** The server is ready if the default namespace exists and has the search attributes. */
async function serves(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    // The flags set the attributes of a new database. A database of an earlier version lacks the later ones.
    const added = await connection.withDeadline(Date.now() + 2_000, () =>
      addSearchAttributes(connection, 'default'),
    );
    if (added.length > 0) throw new Error(`no search attributes ${added.join(', ')} yet`);
  } finally {
    await connection.close();
  }
}
