import path from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes';
import type { Report } from '../failure';
import { makeFolder } from '../folders';
import { orStop, untilReady, type ManagedProcess, type Spawner } from '../processes/managedProcess';
import { addSearchAttributes, missingSearchAttributes } from './searchAttributes';
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

/**
 * Reads the search attributes of a namespace from memory. The CLI's own default reads them from the database each time:
 * about twelve statements for a reservation. A running server then needs up to a minute to see added attributes.
 */
const CACHED_ATTRIBUTES = 'system.forceSearchAttributesCacheRefreshOnRead=false';

/** Starts the Temporal server on the loopback, with its state in a file. Starts its UI if the options ask for it. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { file, how } = await findTemporal(options.report);
  makeFolder(options.folder, 0o700);
  const address = `127.0.0.1:${options.ports.grpc}`;
  let managed = spawnTemporal(file, options);
  if (await addMissing(managed, address)) {
    await managed.stop();
    managed = spawnTemporal(file, options);
    // The server knows them from its start.
    await addMissing(managed, address);
  }
  return { how, address, process: managed };
}

function spawnTemporal(command: string, { folder, ports, logFile, spawn }: TemporalOptions): ManagedProcess {
  return spawn({
    name: 'Temporal',
    command,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${ports.grpc}`,
      `--http-port=${ports.http}`,
      `--metrics-port=${ports.metrics}`,
      `--dynamic-config-value=frontend.httpAllowedHosts=${JSON.stringify([NOBODY])}`,
      `--dynamic-config-value=${CACHED_ATTRIBUTES}`,
      `--db-filename=${path.join(folder, 'temporal.db')}`,
      ...PRAGMAS.map((pragma) => `--sqlite-pragma=${pragma}`),
      ...SEARCH_ATTRIBUTES.map(({ name }) => `--search-attribute=${name}=Keyword`),
      ...(ports.ui === undefined ? ['--headless'] : ['--ui-ip=127.0.0.1', `--ui-port=${ports.ui}`]),
      '--log-format=json',
      '--log-level=warn',
      '--disable-config-file',
      '--disable-config-env',
    ],
    // Its own home folder: otherwise the CLI would read the user's settings and look for updates there.
    env: { HOME: folder, TZ: 'UTC' },
    logFile,
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  });
}

/**
 * Waits until the server has the default namespace with all search attributes. The flags set the attributes of a new
 * database. A database of an earlier version lacks the later ones.
 *
 * @returns whether some were missing. Then the server has to start again to know them.
 */
async function addMissing(managed: ManagedProcess, address: string): Promise<boolean> {
  let wereMissing = false;
  const look = async (): Promise<void> => {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, async () => {
        const missing = await missingSearchAttributes(connection, 'default');
        if (missing.length === 0) return;
        // Before the request: its response may be lost.
        wereMissing = true;
        await addSearchAttributes(connection, 'default', missing);
        throw new Error(`no search attributes ${missing.join(', ')} yet`);
      });
    } finally {
      await connection.close();
    }
  };
  await orStop(managed, untilReady(managed, look, 60_000));
  return wereMissing;
}
