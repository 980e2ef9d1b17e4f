import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import { freeBytes, LEAST_FREE_BYTES } from '../../config/diskSpace';
import type { Settings } from '../../config/settings';

export type PartName = 'postgres' | 'redis' | 'temporal' | 'disk';

/** Each part that the API needs, and whether it responds. */
export type Readiness = Record<PartName, { status: 'ok' | 'unavailable' }>;

/** A part that has not responded by then is missing. */
const PROBE_MS = 2_000;

export interface HealthDependencies {
  db: Knex;
  redis: Redis;
  temporal: Client;
  settings: Pick<Settings, 'TEMPORAL_NAMESPACE' | 'HOLDFAST_INSTANCE' | 'DATA_DIR'>;
}

/** Probes come every few seconds. Any client may send thousands, and they must not load the parts. */
const REUSE_MS = 500;

/** The state of each part. Each is asked at most twice a second. */
export function createReadiness(dependencies: HealthDependencies): () => Promise<Readiness> {
  let last: { askedAt: number; readiness: Promise<Readiness> } | undefined;
  return async () => {
    if (last && Date.now() - last.askedAt < REUSE_MS) return last.readiness;
    last = { askedAt: Date.now(), readiness: askEach(dependencies) };
    return last.readiness;
  };
}

/**
 * Asks each part for something real: a query, a command, the namespace. The disk is the one with the data of the
 * embedded servers.
 */
async function askEach({ db, redis, temporal, settings }: HealthDependencies): Promise<Readiness> {
  const namespace = settings.TEMPORAL_NAMESPACE;
  const [postgres, cache, workflows, disk] = await Promise.all([
    answers(async () => db.raw('SELECT 1')),
    answers(async () => redis.ping()),
    answers(async () => temporal.workflowService.describeNamespace({ namespace })),
    answers(async () => hasSpace(settings.DATA_DIR)),
  ]);
  return { postgres, redis: cache, temporal: workflows, disk };
}

/** If the folder does not exist, every server runs elsewhere and has a disk of its own. */
async function hasSpace(folder: string): Promise<void> {
  const free = await freeBytes(folder).catch(() => Infinity);
  if (free < LEAST_FREE_BYTES) throw new Error('the disk is full');
}

async function answers(probe: () => Promise<unknown>): Promise<{ status: 'ok' | 'unavailable' }> {
  const late = new AbortController();
  const timeout = sleep(PROBE_MS, 'unavailable' as const, { signal: late.signal, ref: false });
  // The one that loses the race may still fail, and then no code waits for it.
  timeout.catch(() => undefined);
  const probed = probe().then(
    () => 'ok' as const,
    () => 'unavailable' as const,
  );
  const status = await Promise.race([probed, timeout]);
  late.abort();
  return { status };
}
