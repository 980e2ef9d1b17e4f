import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { freePort } from '../../src/launcher/ports';
import { startService, type ServiceSpec } from '../../src/launcher/processes/service';
import { createStackFolder } from '../support/stack';

let home: Awaited<ReturnType<typeof createStackFolder>>;

beforeAll(async () => {
  home = await createStackFolder();
});
afterAll(async () => home.remove());

async function aGateway(): Promise<ServiceSpec & { port: number }> {
  const port = await freePort();
  const name = randomUUID();
  return {
    port,
    name: 'gateway',
    entry: 'sandbox/main.js',
    env: {
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: path.join(home.folder, name),
      SANDBOX_SECRET: randomUUID(),
      SANDBOX_WEBHOOK_SECRET: randomUUID(),
    },
    logFile: path.join(home.folder, `${name}.log`),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
  };
}

describe('a service of our own', () => {
  it('is ready when its own process responds', async () => {
    const managed = await startService(await aGateway(), home.spawn);
    expect(managed.hasExited()).toBe(false);
    await managed.stop();
  });

  it('is not ready if another server responds on its port', async () => {
    const spec = await aGateway();
    const other = createServer((_request, response) => response.end('{"status":"ok"}'));
    await once(other.listen(spec.port, '127.0.0.1'), 'listening');

    await expect(startService(spec, home.spawn)).rejects.toThrow(
      /^gateway stopped \(exit code 1\): .*EADDRINUSE/,
    );

    other.close();
  });
});
