import path from 'node:path';
import { z } from 'zod';
import {
  host,
  loadSettings,
  parseEnvironment,
  port,
  refuseSharedPorts,
  type Settings,
} from '../../config/settings';
import { LaunchFailure } from '../failure';

const schema = z.object({
  HOST: host,
  PORT: port.default(3000),
  TEMPORAL_UI_PORT: port.default(8233),
  METRICS_PORT: port.optional(),
  WORKER_METRICS_PORT: port.optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: z.string().optional(),
  REDIS_URL: z.string().optional(),
  TEMPORAL_ADDRESS: z.string().optional(),
  TEMPORAL_UI_URL: z.string().optional(),
  SANDBOX_GATEWAY_URL: z.string().optional(),
  OPERATOR_PASSWORD: z.string().optional(),
  DEMO_DATA: z.enum(['true', 'false']).optional(),
});

/** The settings that the launcher itself uses. */
export type LauncherSettings = Readonly<z.infer<typeof schema>> & {
  demoData: boolean;
  /** What the API and the worker will read, except for the values that the launcher fills in. */
  service: Settings;
};

/**
 * Placeholders for the values that the launcher fills in, so that it can check every setting before anything starts.
 */
const FILLED_IN = {
  DATABASE_URL: 'postgres://localhost/holdfast',
  REDIS_URL: 'redis://localhost',
  TEMPORAL_ADDRESS: 'localhost:7233',
  SANDBOX_SECRET: 'the launcher fills this in later',
  SANDBOX_WEBHOOK_SECRET: 'the launcher fills this in later',
};

/** A port that the operator chose, and the address on which one of the parts will listen. */
export interface Listener {
  setting: 'PORT' | 'METRICS_PORT' | 'WORKER_METRICS_PORT' | 'TEMPORAL_UI_PORT';
  host: string;
  port: number;
}

export function listenersOf(settings: LauncherSettings): Listener[] {
  const { HOST, PORT, METRICS_PORT, WORKER_METRICS_PORT, TEMPORAL_UI_PORT, TEMPORAL_ADDRESS } = settings;
  const loopback = '127.0.0.1';
  return [
    { setting: 'PORT' as const, host: HOST, port: PORT },
    { setting: 'METRICS_PORT' as const, host: HOST, port: METRICS_PORT },
    { setting: 'WORKER_METRICS_PORT' as const, host: loopback, port: WORKER_METRICS_PORT },
    // If Temporal runs elsewhere, the launcher does not run its UI.
    {
      setting: 'TEMPORAL_UI_PORT' as const,
      host: loopback,
      port: TEMPORAL_ADDRESS ? undefined : TEMPORAL_UI_PORT,
    },
  ].flatMap(({ port: chosen, ...rest }) => (chosen === undefined ? [] : [{ ...rest, port: chosen }]));
}

/**
 * Reads and checks all settings, including those of the API and the worker.
 *
 * @throws {SettingsError} naming the setting, its value and the allowed values
 */
export function loadLauncherSettings(env: NodeJS.ProcessEnv): LauncherSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const service = loadSettings({ ...FILLED_IN, ...given });
  const settings = parseEnvironment(schema, given);
  const isElsewhere = service.PAYMENT_GATEWAY === 'sandbox' && settings.SANDBOX_GATEWAY_URL !== undefined;
  for (const name of ['SANDBOX_SECRET', 'SANDBOX_WEBHOOK_SECRET']) {
    if (isElsewhere && !given[name]) {
      throw new LaunchFailure(
        `SANDBOX_GATEWAY_URL is set: set ${name} to the value that the gateway there uses`,
      );
    }
  }
  const loaded = {
    ...settings,
    service,
    DATA_DIR: path.resolve(settings.DATA_DIR),
    // A demo catalogue belongs in our own database, not in a database that DATABASE_URL names.
    demoData: settings.DEMO_DATA === undefined ? !settings.DATABASE_URL : settings.DEMO_DATA === 'true',
  };
  refuseSharedPorts(listenersOf(loaded));
  return loaded;
}
