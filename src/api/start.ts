import type { Logger } from '../config/logging';
import type { Settings } from '../config/settings';
import { createEndpoints, createListener } from './app';
import { createDependencies } from './dependencies';
import { startServer } from './edge/server';
import { startMetricsServer } from './service/metricsServer';

/** A request under way may take this long to end; a hold or a payment waits for its workflow. */
const DRAIN_MS = 22_000;

export interface RunningApi {
  readonly url: string;
  /** Accepts no more requests, waits for those under way, then closes the connections. */
  stop(): Promise<void>;
}

/** Starts the API and makes sure that its own accounts exist. Rejects if Postgres or a port is not available. */
export async function startApi(settings: Settings, logger: Logger): Promise<RunningApi> {
  const stopping = new AbortController();
  const dependencies = await createDependencies(settings, logger, stopping.signal);
  const { accounts, metrics, bounds } = dependencies;
  if (settings.OPERATOR_PASSWORD) await accounts.ensureOperator(settings.OPERATOR_PASSWORD);
  if (settings.DEMO_DATA) await accounts.ensureDemoUser();
  const listener = createListener(dependencies, createEndpoints(dependencies));
  const metricsServer = await startMetricsServer(metrics.registry, settings.HOST, settings.METRICS_PORT);
  const server = await startServer(listener, {
    host: settings.HOST,
    port: settings.PORT,
    // Trusted proxies forward the connections of all clients.
    connections: { ...bounds.connections, ...(settings.TRUSTED_PROXIES > 0 && { each: Infinity }) },
    onDropped: () => metrics.refused('connections'),
  });
  logger.info({ url: server.url }, 'API listens');
  return {
    url: server.url,
    async stop() {
      stopping.abort();
      await server.stop(DRAIN_MS);
      await metricsServer.stop(0);
      await dependencies.close();
      logger.info('API stopped');
    },
  };
}
