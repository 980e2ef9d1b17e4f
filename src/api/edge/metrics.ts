import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

export interface HttpObservation {
  method: string;
  /** The endpoint's path template, so that the number of series stays bounded. */
  route: string;
  status: number;
  milliseconds: number;
}

/** The things of which clients can hold too many: see src/api/http/bounds.ts. */
export type BoundName = 'connections' | 'requests' | 'bodies' | 'streams';

export interface HttpMetrics {
  readonly registry: Registry;
  observe(observation: HttpObservation): void;
  /** Counts a refusal: clients hold too many already. */
  refused(bound: BoundName): void;
}

/** The process's own figures, and the durations of requests by route. */
export function createHttpMetrics(): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'holdfast_http_refused_total',
    help: 'Refusals because one client, or all clients together, hold too much already',
    labelNames: ['bound'],
    registers: [registry],
  });
  return {
    registry,
    refused: (bound) => refusals.inc({ bound }),
    observe: ({ method, route, status, milliseconds }) =>
      durations.observe({ method, route, status: String(status) }, milliseconds / 1_000),
  };
}
