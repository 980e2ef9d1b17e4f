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

/** What the launcher itself decides by. */
export type LauncherSettings = Readonly<z.infer<typeof schema>> & {
  demoData: boolean;
  /** What the API and the worker will read, but for what the launcher fills in. */
  service: Settings;
};

/** Stand-ins for what the launcher fills in, so that every setting is checked before anything starts. */
const FILLED_IN = {
  DATABASE_URL: 'postgres://localhost/holdfast',
  REDIS_URL: 'redis://localhost',
  TEMPORAL_ADDRESS: 'localhost:7233',
  SANDBOX_SECRET: 'filled in by the launcher later on',
  SANDBOX_WEBHOOK_SECRET: 'filled in by the launcher later on',
};

/** A port that the operator chose, and the address on which one of the parts will listen there. */
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
    // The UI of a Temporal that runs elsewhere is none of ours.
    {
      setting: 'TEMPORAL_UI_PORT' as const,
      host: loopback,
      port: TEMPORAL_ADDRESS ? undefined : TEMPORAL_UI_PORT,
    },
  ].flatMap(({ port: chosen, ...rest }) => (chosen === undefined ? [] : [{ ...rest, port: chosen }]));
}

/**
 * Reads and checks all settings, those of the API and the worker as well.
 *
 * @throws {SettingsError} naming the setting, its value and what is allowed
 */
export function loadLauncherSettings(env: NodeJS.ProcessEnv): LauncherSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const service = loadSettings({ ...FILLED_IN, ...given });
  const settings = parseEnvironment(schema, given);
  const isElsewhere = service.PAYMENT_GATEWAY === 'sandbox' && settings.SANDBOX_GATEWAY_URL !== undefined;
  for (const name of ['SANDBOX_SECRET', 'SANDBOX_WEBHOOK_SECRET']) {
    if (isElsewhere && !given[name]) {
      throw new LaunchFailure(`SANDBOX_GATEWAY_URL is set, so ${name} has to be that of the gateway there`);
    }
  }
  const loaded = {
    ...settings,
    service,
    DATA_DIR: path.resolve(settings.DATA_DIR),
    // A demo catalogue belongs into our own database, not into one that somebody points us at.
    demoData: settings.DEMO_DATA === undefined ? !settings.DATABASE_URL : settings.DEMO_DATA === 'true',
  };
  refuseSharedPorts(listenersOf(loaded));
  return loaded;
}
