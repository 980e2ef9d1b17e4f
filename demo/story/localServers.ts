import { databaseUrl, readLaunchState, type LaunchState } from '../../src/launcher/start/launchState';

/** The addresses of the servers of `npm start` on this machine. */
export interface LocalServers {
  databaseUrl: string;
  redisUrl: string;
  temporalAddress: string;
  secrets: LaunchState['secrets'];
}

/** The data folder whose servers the story may use: the same folder that `npm start` uses. */
export const dataFolderOf = (env: NodeJS.ProcessEnv): string => env['DATA_DIR'] || '.data';

/** @returns null if the folder is not a data folder of `npm start` */
export function localServers(env: NodeJS.ProcessEnv): LocalServers | null {
  const state = readLaunchState(dataFolderOf(env));
  if (!state) return null;
  const { ports, secrets } = state;
  return {
    databaseUrl: env['DATABASE_URL'] || databaseUrl(state),
    redisUrl: env['REDIS_URL'] || `redis://:${secrets.redis}@127.0.0.1:${ports.redis}`,
    temporalAddress: env['TEMPORAL_ADDRESS'] || `127.0.0.1:${ports.temporal}`,
    secrets,
  };
}
