import path from 'node:path';
import type { Knex } from 'knex';
import { lineAbout, misspeltIn } from '../../config/misspelt';
import { connectPostgres } from '../../db/connect';
import { loadDemo } from '../../demo/load';
import { PAGE_USER, pagePassword } from '../../gateways/sandbox/pageAccess';
import { ensureDemoUser, ensureOperator } from '../accounts';
import { banner } from './banner';
import { takeDataFolder } from './dataFolder';
import { watchDisk } from './diskWatch';
import { explain } from './explain';
import { listenersOf, loadLauncherSettings, type LauncherSettings } from './launcherSettings';
import { openLaunchState, type LaunchState } from './launchState';
import { keepLogsSmall } from '../processes/logRotation';
import { createParts, type Parts } from '../processes/parts';
import { refuseBusyPort } from '../ports';
import { createProcessJournal, endLeftovers } from '../processes/processJournal';
import { startServers, type Servers } from '../servers/servers';
import { apiUrl, startServices, usesOwnGateway } from './services';
import { createSupervisor, type Supervisor } from '../processes/supervisor';
import { restartOnChange } from '../processes/watch';

/** npm forwards Ctrl-C to us, but the terminal has already sent it to us: this does not count as a second request. */
const SECOND_SIGNAL_MS = 1_000;

/**
 * `npm start`: starts everything that Holdfast needs, and Holdfast, until Ctrl-C. It ends the process with 0 after a
 * clean stop. After a failure it ends with 1 and one line that says what to do. In both cases no part is left
 * running.
 */
export async function launch({ watch }: { watch: boolean }): Promise<void> {
  // The output may be a file on a full disk, or a pipe that no process reads any more. That is no reason to stop the
  // system.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  let release: (() => void) | undefined;
  let isRunning = false;
  const misspelt = misspeltIn(process.env);
  for (const variable of misspelt) report(lineAbout(variable));
  // Otherwise the API and the worker would report them again.
  const env = without(
    process.env,
    misspelt.map(({ name }) => name),
  );
  try {
    const settings = loadLauncherSettings(process.env);
    release = await takeDataFolder(settings.DATA_DIR);
    await endLeftovers(settings.DATA_DIR, report);
    const parts = createParts(createProcessJournal(settings.DATA_DIR));
    const supervisor = createSupervisor(parts, report);
    const start = async (): Promise<never> => {
      await startEverything({ env, settings, parts, supervisor, watch });
      isRunning = true;
      return supervisor.gaveUp;
    };
    try {
      await Promise.race([stopOnSignal(parts), ownFault(), supervisor.gaveUp, start()]);
    } catch (error) {
      if (!parts.isStopping()) throw error;
    } finally {
      await parts.stopAll();
    }
    report('Holdfast has stopped.');
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${explain(error, isRunning)}\n`);
    process.exitCode = 1;
  }
  release?.();
  process.exit();
}

interface Launch {
  env: NodeJS.ProcessEnv;
  settings: LauncherSettings;
  parts: Parts;
  supervisor: Supervisor;
  watch: boolean;
}

async function startEverything({ watch, ...launched }: Launch): Promise<void> {
  const { settings } = launched;
  const chosen = listenersOf(settings);
  for (const listener of chosen) await refuseBusyPort(listener);
  const state = await openLaunchState(
    settings.DATA_DIR,
    chosen.map(({ port }) => port),
  );
  const logFolder = path.join(settings.DATA_DIR, 'logs');
  keepLogsSmall(logFolder);
  const context = { ...launched, state, logFolder, report };
  const servers = await startServers(context);
  if (settings.demoData) await withDatabase(servers, loadDemoData);
  const services = await startServices({ ...context, servers });
  // Last: a generated password is printed only once, so nothing may fail between the two.
  const operatorPassword = await withDatabase(servers, async (db) =>
    ensureOperator(db, settings.OPERATOR_PASSWORD),
  );
  if (watch) restartOnChange(services, report);
  watchDisk(settings.DATA_DIR, report);
  report(
    banner({
      apiUrl: apiUrl(settings),
      temporalUiUrl: servers.temporalUiUrl,
      logFolder,
      demo: settings.demoData,
      sandbox: settings.service.PAYMENT_GATEWAY === 'sandbox',
      sandboxPage: usesOwnGateway(settings) ? sandboxPage(state) : undefined,
      operatorPassword,
    }),
  );
}

function sandboxPage({ ports, secrets }: LaunchState) {
  return {
    url: `http://127.0.0.1:${ports.gateway}`,
    user: PAGE_USER,
    password: pagePassword(secrets.gateway),
  };
}

async function withDatabase<T>({ database }: Servers, work: (db: Knex) => Promise<T>): Promise<T> {
  const db = connectPostgres(database.serviceUrl, { poolSize: 2, applicationName: 'holdfast-launcher' });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

async function loadDemoData(db: Knex): Promise<void> {
  await ensureDemoUser(db);
  const added = await loadDemo({ db });
  if (added > 0) report(`Demo catalogue: ${added} shows added`);
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

/** Resolves once every part has stopped on request. A second request kills the parts. */
function stopOnSignal(parts: Parts): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const stop = (): void => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        report('Stopping every part in order, the API first. Press Ctrl-C again to force ...');
        void parts.stopAll().then(resolve);
      } else if (Date.now() - firstAt > SECOND_SIGNAL_MS) {
        report('Forced.');
        parts.killAll();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
}

/** Rejects with any uncaught error: the parts then stop as after any other failure. */
function ownFault(): Promise<never> {
  return new Promise((_resolve, reject) => {
    process.on('uncaughtException', reject);
  });
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
