import { createServer, type Server, type ServerResponse } from 'node:http';
import type { State, Worker } from '@temporalio/worker';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { instanceHeaders } from '../config/instance';
import type { Settings } from '../config/settings';
import type { CountByGateway } from '../db/payments/gatewayWork';
import type { ReconciliationOverview } from '../db/reconciliation/reconciliationOverview';
import type { GuardedGateway } from '../gateways/circuitBreaker';
import { registerCircuitMetric } from './metrics/circuitMetric';
import { registerReconciliationMetrics } from './metrics/reconciliationMetrics';
import type { createPermanentFailureMetric } from './metrics/permanentFailureMetric';
import type { createStrandedMetric } from './metrics/strandedMetric';
import { registerUnfinishedMetric } from './metrics/unfinishedMetric';

/** The sources of the metrics, except for those of the process. */
export interface MetricSources {
  readReconciliation: () => Promise<ReconciliationOverview>;
  countUnfinished: () => Promise<CountByGateway>;
  gateways: { readonly all: readonly Pick<GuardedGateway, 'name' | 'circuit'>[] };
  strandedMetric: Pick<ReturnType<typeof createStrandedMetric>, 'register'>;
  permanentFailureMetric: Pick<ReturnType<typeof createPermanentFailureMetric>, 'register'>;
}

/** What the health checks need to know about a worker. */
export interface WatchedWorker extends Pick<Worker, 'getState'> {
  /**
   * Whether new workflows have a worker: this one or one of another version. They have none until a version is current.
   */
  isReady: () => boolean;
}

/**
 * Serves `/healthz` (503 once the worker has failed), `/readyz` (503 unless it polls for work, and new workflows have a
 * worker) and `/metrics`, on the loopback or the address that the operator chose. It reveals nothing about any
 * reservation.
 */
export function serveHealth(
  worker: WatchedWorker,
  sources: MetricSources,
  settings: Pick<Settings, 'HOST' | 'WORKER_METRICS_PORT' | 'HOLDFAST_INSTANCE'>,
): Server {
  const { readReconciliation, countUnfinished, gateways, strandedMetric, permanentFailureMetric } = sources;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerReconciliationMetrics(registry, readReconciliation);
  registerCircuitMetric(registry, gateways.all);
  registerUnfinishedMetric(registry, gateways.all, countUnfinished);
  strandedMetric.register(registry);
  permanentFailureMetric.register(registry);
  const answer = (response: ServerResponse, isGood: boolean, text: string): void => {
    response.writeHead(isGood ? 200 : 503, instanceHeaders(settings)).end(`${text}\n`);
  };
  const server = createServer((request, response) => {
    const state: State = worker.getState();
    switch (request.url) {
      case '/healthz':
        answer(response, state !== 'FAILED', state);
        return;
      case '/readyz':
        if (state === 'RUNNING' && !worker.isReady()) {
          answer(response, false, 'no version of the worker is current yet');
        } else {
          answer(response, state === 'RUNNING', state);
        }
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
  return server.listen(settings.WORKER_METRICS_PORT, settings.HOST);
}
