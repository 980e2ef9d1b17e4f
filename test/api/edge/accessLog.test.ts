import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import Koa from 'koa';
import { createLogSampler } from '../../../src/config/logSampler';
import { Problem } from '../../../src/domain/problems';
import type { RequestState } from '../../../src/api/http/state';
import { accessLog } from '../../../src/api/edge/accessLog';
import { answerProblems } from '../../../src/api/edge/problems';
import { createHttpMetrics, type HttpMetrics } from '../../../src/api/edge/metrics';
import { createLineLog } from '../../support/lineLog';

let server: Server;
let url: string;
let log: ReturnType<typeof createLineLog>;
let metrics: HttpMetrics;

beforeEach(async () => {
  log = createLineLog();
  metrics = createHttpMetrics();
  const sampler = createLogSampler(log.logger, 'refused requests');
  const app = new Koa<RequestState>();
  app.use(accessLog(log.logger, sampler, metrics));
  app.use(answerProblems(log.logger, sampler));
  app.use((ctx) => {
    if (ctx.path === '/crash') throw new Error('a fault of ours');
    if (ctx.path === '/taken') throw new Problem('seat-unavailable', 'Gone.', { unavailableSeatIds: [] });
    if (ctx.path !== '/ok') throw new Problem('not-found', 'There is no such path.');
    ctx.body = 'ok';
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The address of a server on a port has this type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});

async function ask(path: string, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) await (await fetch(`${url}${path}`)).text();
}

const linesOf = (path: string) => log.lines().filter((line) => line['path'] === path);

describe('the log of requests', () => {
  it('has a line for each response of an endpoint, also for a business error', async () => {
    await ask('/ok', 30);
    await ask('/taken', 30);
    expect([linesOf('/ok').length, linesOf('/taken').length]).toEqual([30, 30]);
  });

  it('has only a sample of the errors that any client can cause, and the metrics count all of them', async () => {
    await ask('/nothing', 100);
    expect(linesOf('/nothing')).toHaveLength(20);
    expect(await metrics.registry.metrics()).toMatch(
      /_count\{method="GET",route="unknown",status="404"\} 100/,
    );
  });

  it('has only a sample of repeated faults', async () => {
    await ask('/crash', 100);
    expect(log.lines().filter(({ msg }) => msg === 'internal-error')).toHaveLength(20);
  });

  it('cuts a path that is longer than every path of the API', async () => {
    await ask(`/${'x'.repeat(7_000)}`, 1);
    expect(log.text().length).toBeLessThan(600);
  });
});
