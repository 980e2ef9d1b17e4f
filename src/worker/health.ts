import { createServer, type Server } from 'node:http';
import type { Worker } from '@temporalio/worker';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ReconciliationOverview } from '../db/reconciliationOverview';
import type { GuardedGateway } from '../gateways/circuitBreaker';
import { registerCircuitMetric } from './circuitMetric';
import { registerReconciliationMetrics } from './reconciliationMetrics';
import type { createStrandedMetric } from './strandedMetric';

/** What the metrics beside those of the process are about. */
export interface MetricSources {
  readReconciliation: () => Promise<ReconciliationOverview>;
  gateway: GuardedGateway;
  strandedMetric: ReturnType<typeof createStrandedMetric>;
}

/**
 * `/healthz` (the process lives), `/readyz` (it polls for work; 503 otherwise) and `/metrics`, on the loopback
 * or the address that the operator chose. It says nothing about anybody's reservation.
 */
export function serveHealth(
  worker: Worker,
  { readReconciliation, gateway, strandedMetric }: MetricSources,
  { host, port }: { host: string; port: number },
): Server {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerReconciliationMetrics(registry, readReconciliation);
  registerCircuitMetric(registry, gateway);
  strandedMetric.register(registry);
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/healthz':
        response.end('ok\n');
        return;
      case '/readyz':
        response.statusCode = worker.getState() === 'RUNNING' ? 200 : 503;
        response.end(`${worker.getState()}\n`);
        return;
      case '/metrics':
        response.setHeader('Content-Type', registry.contentType);
        void registry.metrics().then((text) => response.end(text));
        return;
      default:
        response.statusCode = 404;
        response.end();
    }
  });
  return server.listen(port, host);
}
