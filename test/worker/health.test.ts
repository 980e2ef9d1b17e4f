import { once } from 'node:events';
import type { Server } from 'node:http';
import type { State } from '@temporalio/worker';
import { freePort } from '../../src/launcher/ports';
import { serveHealth } from '../../src/worker/health';

const notAsked = async () => Promise.reject(new Error('not asked'));

let state: State = 'RUNNING';
let isReady = true;
let server: Server;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const sources = {
    readReconciliation: notAsked,
    countUnfinished: notAsked,
    gateways: { all: [{ name: 'sandbox' as const, circuit: () => 'closed' as const }] },
    strandedMetric: { register: () => undefined },
    permanentFailureMetric: { register: () => undefined },
  };
  server = serveHealth({ getState: () => state, isReady: () => isReady }, sources, {
    HOST: '127.0.0.1',
    WORKER_METRICS_PORT: port,
    HOLDFAST_INSTANCE: 'this-one',
  });
  await once(server, 'listening');
});
afterAll(() => server.close());

describe("a worker's health", () => {
  it.each([
    ['RUNNING', 200, 200],
    ['DRAINING', 200, 503],
    ['FAILED', 503, 503],
  ] as const)('%s: /healthz answers %d and /readyz %d', async (now, healthy, ready) => {
    state = now;

    expect((await fetch(`${url}/healthz`)).status).toBe(healthy);
    expect((await fetch(`${url}/readyz`)).status).toBe(ready);
  });

  it('is ready only once new workflows have a worker', async () => {
    state = 'RUNNING';
    isReady = false;
    const early = await fetch(`${url}/readyz`);
    isReady = true;

    expect([early.status, await early.text()]).toEqual([503, 'no version of the worker is current yet\n']);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('says which process answers', async () => {
    expect((await fetch(`${url}/readyz`)).headers.get('X-Holdfast-Instance')).toBe('this-one');
  });
});
