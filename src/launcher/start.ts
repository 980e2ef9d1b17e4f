import path from 'node:path';
import { SettingsError } from '../config/settings';
import { connectPostgres } from '../db/connect';
import { loadDemo } from '../demo/load';
import { PAGE_USER, pagePassword } from '../gateways/sandbox/access';
import { ensureDemoUser, ensureOperator } from './accounts';
import { banner } from './banner';
import { takeDataFolder } from './dataFolder';
import { codeOf, LaunchFailure, reasonOf } from './failure';
import { loadLauncherSettings, type LauncherSettings } from './launcherSettings';
import { openLaunchState, type LaunchState } from './launchState';
import { createParts, type Parts } from './parts';
import { refuseBusyPort } from './ports';
import { createProcessJournal, endLeftovers } from './processJournal';
import { startServers, type Servers } from './servers';
import { apiUrl, startServices, usesOwnGateway } from './services';
import { restartOnChange } from './watch';

/** npm forwards Ctrl-C to us, which the terminal has sent us already: that is no second wish. */
const SECOND_SIGNAL_MS = 1_000;

/**
 * `npm start`: everything that Holdfast needs, and Holdfast, until Ctrl-C. Ends the process: 0 after a clean
 * stop, 1 with one line that says what to do after a failure; either way no part is left running.
 */
export async function launch({ watch }: { watch: boolean }): Promise<void> {
  let release: (() => void) | undefined;
  try {
    const settings = loadLauncherSettings(process.env);
    release = await takeDataFolder(settings.DATA_DIR);
    await endLeftovers(settings.DATA_DIR, report);
    const parts = createParts(createProcessJournal(settings.DATA_DIR));
    try {
      await Promise.race([stopOnSignal(parts), ownFault(), runEverything(settings, parts, watch)]);
    } catch (error) {
      if (!parts.isStopping()) throw error;
    } finally {
      await parts.stopAll();
    }
    report('Holdfast has stopped.');
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
  release?.();
  process.exit();
}

async function runEverything(settings: LauncherSettings, parts: Parts, watch: boolean): Promise<never> {
  await refuseBusyPort('PORT', settings.HOST, settings.PORT);
  if (!settings.TEMPORAL_ADDRESS) {
    await refuseBusyPort('TEMPORAL_UI_PORT', '127.0.0.1', settings.TEMPORAL_UI_PORT);
  }
  const state = await openLaunchState(settings.DATA_DIR);
  const logFolder = path.join(settings.DATA_DIR, 'logs');
  const context = { env: process.env, settings, state, logFolder, parts, report };
  const servers = await startServers(context);
  const operatorPassword = await loadFirstData(settings, servers);
  const services = await startServices({ ...context, servers });
  if (watch) restartOnChange(services, report);
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
  return deathOf(servers, parts);
}

function sandboxPage({ ports, secrets }: LaunchState) {
  return {
    url: `http://127.0.0.1:${ports.gateway}`,
    user: PAGE_USER,
    password: pagePassword(secrets.gateway),
  };
}

/** The operator's account and, where wanted, the demo catalogue. Returns a password that was made up. */
async function loadFirstData(settings: LauncherSettings, servers: Servers): Promise<string | undefined> {
  const db = connectPostgres(servers.database.serviceUrl, {
    poolSize: 2,
    applicationName: 'holdfast-launcher',
  });
  try {
    const password = await ensureOperator(db, settings.OPERATOR_PASSWORD);
    if (settings.demoData) {
      await ensureDemoUser(db);
      const added = await loadDemo({ db });
      if (added > 0) report(`Demo catalogue: ${added} shows added`);
    }
    return password;
  } finally {
    await db.destroy();
  }
}

/** Resolves once every part has stopped because somebody asked; a second wish is an order. */
function stopOnSignal(parts: Parts): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const stop = (): void => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        report('Stopping every part in order, the API first (again to force) ...');
        void parts.stopAll().then(resolve);
      } else if (Date.now() - firstAt > SECOND_SIGNAL_MS) {
        report('Forced.');
        parts.killAll();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
}

/** Rejects with what nobody has caught: the parts are stopped then as after any other failure. */
function ownFault(): Promise<never> {
  return new Promise((_resolve, reject) => {
    process.on('uncaughtException', reject);
  });
}

/** Rejects when a database dies by itself: without it nothing is right, so everything stops. */
async function deathOf({ processes }: Servers, parts: Parts): Promise<never> {
  const { name, how, words } = await Promise.race(
    processes.map(async (managed) => {
      const status = await managed.exited;
      // Our own stop ends them as well; that is told apart by whoever waits for both.
      if (parts.isStopping()) await new Promise(() => undefined);
      return { name: managed.name, how: status, words: managed.lastWords() };
    }),
  );
  throw new LaunchFailure(`${name} has died (${how}): ${words} -- npm start recovers its data`);
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

function explain(error: unknown): string {
  const text = reasonOf(error);
  if (codeOf(error) === 'ENOSPC' || text.includes('No space left on device')) {
    return `The disk is full: free some space and start again (${text})`;
  }
  if (error instanceof LaunchFailure || error instanceof SettingsError)
    return `Holdfast cannot start: ${text}`;
  return `Holdfast cannot start: ${error instanceof Error ? error.name : 'error'}: ${text}`;
}
