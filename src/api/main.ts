import { createLogger } from '../config/logging';
import { lineAbout, misspeltIn } from '../config/misspelt';
import { loadSettings, refuseSharedPorts, SettingsError } from '../config/settings';
import { startApi } from './start';

async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  refuseSharedPorts([
    { setting: 'PORT', port: settings.PORT },
    { setting: 'METRICS_PORT', port: settings.METRICS_PORT },
  ]);
  const logger = createLogger('api', settings.LOG_LEVEL);
  for (const misspelt of misspeltIn(process.env)) logger.warn(lineAbout(misspelt));
  const api = await startApi(settings, logger);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= api.stop();
    stopped.catch(fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(error: unknown): void {
  const logger = createLogger('api', 'info');
  if (error instanceof SettingsError) logger.fatal(error.message);
  else logger.fatal({ err: error }, 'API failed');
  // Open connections would keep the process alive, although it has nothing left to do.
  logger.flush(() => process.exit(1));
}

main().catch(fail);
