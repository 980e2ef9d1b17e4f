import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import { startServer, type HttpServer } from '../edge/server';

/** Prometheus keeps one or two connections. */
const CONNECTIONS = { total: 100, each: Infinity };

/** `GET /metrics` for Prometheus, on a port of its own: never on the public one (REST contract, Service). */
export async function startMetricsServer(
  registry: Registry,
  host: string,
  port: number,
): Promise<HttpServer> {
  const listener: RequestListener = (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
  return startServer(listener, { host, port, connections: CONNECTIONS });
}
