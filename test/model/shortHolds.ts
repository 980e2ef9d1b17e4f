import { connectClient, type Client } from '../e2e/client';
import type { Service } from '../e2e/service';
import { freePort } from '../../src/launcher/ports';
import { createStackFolder } from '../support/stack';
import { createStackProcess, type StackProcess } from '../support/stackProcess';

/** A second API beside that of the service. Its holds end after seconds, so that a sequence can wait for the end. */
export interface ShortHolds {
  client: Client;
  process: StackProcess;
  stop(): Promise<void>;
}

export async function startShortHolds(service: Service, holdSeconds: number): Promise<ShortHolds> {
  const home = await createStackFolder();
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const api = createStackProcess(home.spawn, {
    name: 'API',
    entry: 'src/api/main.js',
    env: {
      ...service.stack.env,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      HOLD_SECONDS: String(holdSeconds),
    },
    logFile: `${home.folder}/short-holds.log`,
    readyUrl: `${url}/readyz`,
  });
  await api.start();
  return {
    // The audit reads what both APIs have promised.
    client: await connectClient(url, service.client),
    process: api,
    async stop() {
      await api.stop();
      await home.remove();
    },
  };
}
