import { Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Knex } from 'knex';
import type { Redis } from 'ioredis';
import type { ActivityDependencies } from '../activities/dependencies';
import type { Logger } from '../config/logging';
import type { Settings } from '../config/settings';
import { temporalConnectionOptions } from '../config/temporalConnection';
import { connectPostgres } from '../db/connect';
import { withCircuitBreaker, type GuardedGateway } from '../gateways/circuitBreaker';
import { connectGateways } from '../gateways/connectGateways';
import { createGateways, type Gateways } from '../gateways/gateways';
import { createBestEffort } from '../redis/bestEffort';
import { connectRedis } from '../redis/connect';
import { createLobby } from '../redis/queue/lobby';
import { createSeatClaim } from '../redis/reservations/seatClaim';
import { createSeatMapCache } from '../redis/catalogue/seatMapCache';
import { deploymentNameOf, knowsVersions } from '../temporal/workerVersions';
import { readBuildId } from './buildId';
import { createPermanentFailureMetric } from './metrics/permanentFailureMetric';
import { createStrandedMetric } from './metrics/strandedMetric';

/** Every connection of the worker. */
export interface WorkerConnections {
  temporal: NativeConnection;
  client: Client;
  /** Temporal's name for the code of this worker; null if the server does not know versions. */
  version: WorkerDeploymentVersion | null;
  db: Knex;
  redis: Redis;
  gateways: Gateways<GuardedGateway>;
  strandedMetric: ReturnType<typeof createStrandedMetric>;
  permanentFailureMetric: ReturnType<typeof createPermanentFailureMetric>;
  dependencies: ActivityDependencies;
  close(): Promise<void>;
}

const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\]):\d+$/i;

export async function connectWorker(settings: Settings, logger: Logger): Promise<WorkerConnections> {
  const options = temporalConnectionOptions(settings);
  const temporal = await NativeConnection.connect({
    ...options,
    // gzip, the default, costs processor time, and saves nothing on the loopback.
    ...(LOOPBACK.test(options.address) && { grpcCompression: { codec: 'none' } }),
  });
  const client = new Client({ connection: temporal, namespace: settings.TEMPORAL_NAMESPACE });
  const version = await versionOf(client, settings, logger);
  const db = connectPostgres(settings.DATABASE_URL, {
    poolSize: settings.DATABASE_POOL_SIZE,
    applicationName: 'holdfast-worker',
    logger,
  });
  const redis = connectRedis(settings.REDIS_URL, { name: 'holdfast-worker', logger });
  const guarded = connectGateways(settings.gateways).map((gateway) => withCircuitBreaker(gateway, logger));
  const gateways = createGateways(guarded, settings.PAYMENT_GATEWAY);
  const strandedMetric = createStrandedMetric();
  const permanentFailureMetric = createPermanentFailureMetric();
  const seatMap = createSeatMapCache(redis, createBestEffort(redis, logger));
  return {
    temporal,
    client,
    version,
    db,
    redis,
    gateways,
    strandedMetric,
    permanentFailureMetric,
    dependencies: {
      db,
      seatClaim: createSeatClaim(redis),
      lobby: createLobby(redis),
      bumpSeatVersion: (scheduleId) => seatMap.bump(scheduleId),
      gateways,
      settleSeconds: settings.SETTLE_SECONDS,
      stranded: strandedMetric.count,
      permanentFailure: permanentFailureMetric.count,
      reconcileAfterMs: settings.RECONCILE_AFTER_SECONDS * 1000,
      rollout: version && settings.WORKER_ROLLOUT,
      logger,
    },
    async close() {
      await temporal.close();
      await db.destroy();
      await gateways.close();
      redis.disconnect();
    },
  };
}

const VERSIONS_TIMEOUT_MS = 10_000;

async function versionOf(
  client: Client,
  { TEMPORAL_TASK_QUEUE }: Pick<Settings, 'TEMPORAL_TASK_QUEUE'>,
  logger: Logger,
): Promise<WorkerDeploymentVersion | null> {
  const areKnown = await client.withDeadline(Date.now() + VERSIONS_TIMEOUT_MS, async () =>
    knowsVersions(client),
  );
  if (areKnown) return { deploymentName: deploymentNameOf(TEMPORAL_TASK_QUEUE), buildId: readBuildId() };
  logger.warn('Worker versions are switched off in Temporal: open runs continue on any worker');
  return null;
}
