import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import { instance, instanceHeaders } from '../src/config/instance';
import { createLogger } from '../src/config/logging';
import {
  SettingsError,
  host,
  logLevel,
  parseEnvironment,
  port,
  sandboxSecret,
  url,
} from '../src/config/settings';
import { openBook } from './book';
import { startDelivery } from './deliver';
import { createSandboxServer } from './server';

const settingsSchema = z.object({
  HOLDFAST_INSTANCE: instance,
  LOG_LEVEL: logLevel,
  HOST: host,
  SANDBOX_PORT: port.default(3001),
  SANDBOX_DATA_DIR: z.string().min(1),
  SANDBOX_SECRET: sandboxSecret,
  SANDBOX_WEBHOOK_URL: url(['http', 'https']).optional(),
  SANDBOX_WEBHOOK_SECRET: sandboxSecret,
});

/** After a stop, requests under way have this much time to finish. Requests that hang are cut then. */
const STOP_GRACE_MS = 1_000;

async function main(): Promise<void> {
  const settings = parseEnvironment(settingsSchema, process.env);
  const logger = createLogger('sandbox-gateway', settings.LOG_LEVEL);
  const { SANDBOX_WEBHOOK_URL: webhookUrl, SANDBOX_WEBHOOK_SECRET: webhookSecret } = settings;
  const book = openBook(path.resolve(settings.SANDBOX_DATA_DIR), { sendsWebhooks: webhookUrl !== undefined });
  const healthHeaders = instanceHeaders(settings);
  const server = createSandboxServer({ book, secret: settings.SANDBOX_SECRET, logger, healthHeaders });
  server.listen(settings.SANDBOX_PORT, settings.HOST);
  await once(server, 'listening');
  logger.info({ host: settings.HOST, port: settings.SANDBOX_PORT }, 'listening');
  const stopDelivery = webhookUrl
    ? startDelivery({ outbox: book.outbox, url: webhookUrl, secret: webhookSecret, logger })
    : undefined;

  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const cut = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
  server.close();
  await once(server, 'close');
  clearTimeout(cut);
  await stopDelivery?.();
  await book.close();
  logger.info('stopped');
}

main().catch((error: unknown) => {
  const text = error instanceof SettingsError ? error.message : String(error);
  process.stderr.write(`sandbox-gateway: ${text}\n`);
  process.exitCode = 1;
});
