import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { startApi, type RunningApi } from '../../src/api/start';
import { createLogger } from '../../src/config/logging';
import { loadSettings } from '../../src/config/settings';
import { reasonOf } from '../../src/launcher/failure';
import { freePort } from '../../src/launcher/ports';
import { dataFolderOf, localServers, type LocalServers } from './localServers';
import { expectStatus, type Service } from './service';

/** Long enough to see the seat held, short enough to watch. */
const HOLD_SECONDS = 6;

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * Starts a second API on the servers of `npm start`, with holds of some seconds. The length of a hold is a setting of
 * the API. The worker that already runs waits for the end of the hold.
 *
 * @param env the environment of `npm start`
 * @returns the reason if the demo cannot reach the servers of the service
 */
export async function startShortHoldApi(
  service: Service,
  env: NodeJS.ProcessEnv,
): Promise<RunningApi | { why: string }> {
  const folder = dataFolderOf(env);
  const servers = localServers(env);
  if (!servers) return { why: `${folder} is not the data folder of the service` };
  try {
    const api = await start(env, servers);
    if (await haveSameKeys(service, api.url)) return api;
    await api.stop();
    return { why: `${folder} is the data folder of another service` };
  } catch (error) {
    return { why: `the servers of ${folder} do not respond (${reasonOf(error)})` };
  }
}

async function start(env: NodeJS.ProcessEnv, servers: LocalServers): Promise<RunningApi> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const settings = loadSettings({
    SANDBOX_SECRET: servers.secrets.gateway,
    SANDBOX_WEBHOOK_SECRET: servers.secrets.webhooks,
    ...env,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    HOST: '127.0.0.1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    HOLD_SECONDS: String(HOLD_SECONDS),
    LOG_LEVEL: 'silent',
    // The accounts are those of the service. This API makes none.
    OPERATOR_PASSWORD: '',
    DEMO_DATA: 'false',
  });
  return startApi(settings, createLogger('demo-api', settings.LOG_LEVEL));
}

/** The signing keys are in Postgres: two APIs with the same keys have the same database. */
async function haveSameKeys(service: Service, url: string): Promise<boolean> {
  const theirs = await service.send({ method: 'GET', path: '/.well-known/jwks.json' });
  expectStatus(theirs, 200);
  const ours = await fetch(new URL('/.well-known/jwks.json', url));
  return isDeepStrictEqual(keySet.parse(theirs.body), keySet.parse(await ours.json()));
}
