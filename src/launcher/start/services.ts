import { isIPv6 } from 'node:net';
import type { Report } from '../failure';
import type { LauncherSettings } from './launcherSettings';
import type { LaunchState } from './launchState';
import { followLog, openLog } from '../processes/logFiles';
import { hasUnfinishedBook, ownBook } from './ownBook';
import type { Parts } from '../processes/parts';
import type { Servers } from '../servers/servers';
import { withoutRepeats } from '../processes/repeats';
import { startService, type ServiceSpec } from '../processes/service';
import type { SupervisedPart, Supervisor } from '../processes/supervisor';

export interface ServicesContext {
  env: NodeJS.ProcessEnv;
  settings: LauncherSettings;
  state: LaunchState;
  servers: Servers;
  logFolder: string;
  parts: Parts;
  supervisor: Supervisor;
  report: Report;
}

/**
 * Starts the gateway, then the worker and the API. Each is ready and supervised. From now on the launcher shows their
 * warnings.
 */
export async function startServices(context: ServicesContext): Promise<SupervisedPart[]> {
  const { settings, servers, parts, supervisor, report } = context;
  const ownGateway = usesOwnGateway(settings) || (await hasUnfinishedBook(settings, servers));
  const environment = serviceEnvironment(context, ownGateway);
  const start = async (spec: ServiceSpec): Promise<SupervisedPart> => {
    followLog(spec.name, spec.logFile, withoutRepeats(report));
    const startOnce = async () => startService(spec, parts.spawn);
    return supervisor.supervise(await startOnce(), startOnce);
  };
  const gateway = ownGateway ? [await start(gatewaySpec(context))] : [];
  const others = await Promise.all([
    start(workerSpec(context, environment)),
    start(apiSpec(context, environment)),
  ]);
  return [...gateway, ...others];
}

/** Maps each address that means "all addresses" to its loopback address. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The URL at which a client on this machine reaches the API. */
export function apiUrl({ HOST, PORT }: Pick<LauncherSettings, 'HOST' | 'PORT'>): string {
  const address = LOOPBACK[HOST] ?? HOST;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${PORT}`;
}

function gatewaySpec({ env, settings, state, logFolder }: ServicesContext): ServiceSpec {
  const port = state.ports.gateway;
  return {
    name: 'gateway',
    entry: 'sandbox/main.js',
    env: {
      ...withoutOperatorPassword(env),
      HOST: '127.0.0.1',
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: ownBook(settings),
      SANDBOX_SECRET: state.secrets.gateway,
      SANDBOX_WEBHOOK_URL: `${apiUrl(settings)}/v1/webhooks/sandbox`,
      SANDBOX_WEBHOOK_SECRET: state.secrets.webhooks,
    },
    logFile: openLog(logFolder, 'gateway'),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
  };
}

function workerSpec({ settings, state, logFolder }: ServicesContext, env: NodeJS.ProcessEnv): ServiceSpec {
  const port = settings.WORKER_METRICS_PORT ?? state.ports.workerMetrics;
  return {
    name: 'worker',
    entry: 'src/worker/main.js',
    env: { ...env, HOST: '127.0.0.1' },
    logFile: openLog(logFolder, 'worker'),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  };
}

function apiSpec({ settings, logFolder }: ServicesContext, env: NodeJS.ProcessEnv): ServiceSpec {
  return {
    name: 'API',
    entry: 'src/api/main.js',
    env,
    logFile: openLog(logFolder, 'api'),
    readyUrl: `${apiUrl(settings)}/readyz`,
  };
}

/** The environment of the API and the worker: the operator's settings, and the values that the launcher fills in. */
function serviceEnvironment(
  { env, settings, state, servers }: ServicesContext,
  ownGateway: boolean,
): NodeJS.ProcessEnv {
  return {
    ...withoutOperatorPassword(env),
    DATA_DIR: settings.DATA_DIR,
    DATABASE_URL: servers.database.serviceUrl,
    REDIS_URL: servers.redisUrl,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    ...(servers.temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: servers.temporalUiUrl }),
    METRICS_PORT: String(settings.METRICS_PORT ?? state.ports.metrics),
    WORKER_METRICS_PORT: String(settings.WORKER_METRICS_PORT ?? state.ports.workerMetrics),
    ...(ownGateway && {
      SANDBOX_GATEWAY_URL: `http://127.0.0.1:${state.ports.gateway}`,
      SANDBOX_SECRET: state.secrets.gateway,
      SANDBOX_WEBHOOK_SECRET: state.secrets.webhooks,
    }),
  };
}

/** Whether the sandbox gateway takes new payments and no other sandbox gateway runs elsewhere. */
export function usesOwnGateway({ service, SANDBOX_GATEWAY_URL }: LauncherSettings): boolean {
  return service.PAYMENT_GATEWAY === 'sandbox' && !SANDBOX_GATEWAY_URL;
}

/** The launcher makes the operator's account, so no other process needs the password. */
function withoutOperatorPassword({
  OPERATOR_PASSWORD: _password,
  ...env
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
