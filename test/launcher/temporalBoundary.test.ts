import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from '../../src/launcher/ports';
import { startTemporal, type RunningTemporal, type TemporalPorts } from '../../src/launcher/servers/temporal';
import { reportProgress } from '../support/servers';
import { createStackFolder } from '../support/stack';

let home: Awaited<ReturnType<typeof createStackFolder>>;
let ports: Required<TemporalPorts>;
let temporal: RunningTemporal;
let connection: Connection;

beforeAll(async () => {
  home = await createStackFolder();
  ports = {
    grpc: await freePort(),
    http: await freePort(),
    metrics: await freePort(),
    ui: await freePort(),
  };
  temporal = await startTemporal({
    folder: path.join(home.folder, 'temporal'),
    ports,
    logFile: path.join(home.folder, 'temporal.log'),
    spawn: home.spawn,
    report: reportProgress,
  });
  connection = await Connection.connect({ address: temporal.address });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await temporal.process.stop();
  await home.remove();
});

/** Sends what a page in a browser of this machine can send without a preflight request: a simple request. */
async function postAsAWebPage(port: number, path_: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path_}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain', Origin: 'https://shop.example' },
    body: JSON.stringify({
      requestId: 'from-a-web-page',
      workflowType: { name: 'topUp' },
      taskQueue: { name: 'holdfast' },
    }),
  });
}

async function startedWorkflows(): Promise<number> {
  const { count } = await connection.workflowService.countWorkflowExecutions({ namespace: 'default' });
  return count.toNumber();
}

describe('a web page in the browser of an operator', () => {
  it('cannot start a workflow through the HTTP API of the embedded Temporal', async () => {
    const response = await postAsAWebPage(ports.http, '/api/v1/namespaces/default/workflows/from-a-page');

    expect(response.status).toBe(403);
    expect(await startedWorkflows()).toBe(0);
  });

  it('cannot start a workflow through the API of the Temporal UI', async () => {
    const response = await postAsAWebPage(ports.ui, '/api/v1/namespaces/default/workflows/from-a-page');

    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/csrf/i);
    expect(await startedWorkflows()).toBe(0);
  });
});

describe('another machine', () => {
  const elsewhere = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);

  it.each(['grpc', 'http', 'metrics', 'ui'] as const)(
    'cannot reach the embedded Temporal: %s',
    async (name) => {
      for (const host of elsewhere) {
        const socket = connect({ host, port: ports[name] });
        expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
      }
      const here = connect({ host: '127.0.0.1', port: ports[name] });
      await once(here, 'connect');
      here.destroy();
    },
  );
});
