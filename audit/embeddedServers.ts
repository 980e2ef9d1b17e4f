import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const stateSchema = z.object({
  ports: z.object({ postgres: z.int(), redis: z.int(), gateway: z.int(), temporal: z.int() }),
  secrets: z.object({ service: z.string(), redis: z.string(), gateway: z.string() }),
});

/** Where the servers of an `npm start` on that folder are; null where the folder is none. */
export function embeddedServers(folder: string) {
  const file = path.join(folder, 'state.json');
  if (!existsSync(file)) return null;
  const { ports, secrets } = stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    databaseUrl: `postgres://holdfast_service:${secrets.service}@127.0.0.1:${ports.postgres}/holdfast`,
    redisUrl: `redis://:${secrets.redis}@127.0.0.1:${ports.redis}`,
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    gatewaySecret: secrets.gateway,
    temporalAddress: `127.0.0.1:${ports.temporal}`,
    serviceLogs: logsIn(path.join(folder, 'logs')),
  };
}

/** Rotated files too. */
function logsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^(api|worker|gateway)\b.*\.log/.test(name));
  return names.map((name) => path.join(folder, name));
}
