import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { readClientLog } from './evidence/clientLog';
import { withSnapshot } from './evidence/database';
import type { Invariant, RecordInvariant, Records, Sources } from './evidence/evidence';
import { readGatewayBook } from './evidence/gatewayBook';
import { reach } from './evidence/reach';
import { readReservations } from './evidence/reservations';
import { readRooms } from './evidence/rooms';
import { openServiceLog } from './evidence/serviceLogs';
import { connectWorkflows, type TemporalTarget } from './evidence/workflows';
import { inWords, type Fault } from './fault';
import { seats } from './invariants/01-seats';
import { confirmations } from './invariants/02-confirmations';
import { ledger } from './invariants/03-ledger';
import { prices } from './invariants/04-prices';
import { gatewayBook } from './invariants/05-gatewayBook';
import { holds } from './invariants/06-holds';
import { idempotency } from './invariants/07-idempotency';
import { transitions } from './invariants/08-transitions';
import { queue } from './invariants/09-queue';
import { seatLimit } from './invariants/10-seatLimit';
import { tickets } from './invariants/11-tickets';
import { nonDeterminism, workflows } from './invariants/12-workflows';
import { secrets } from './invariants/13-secrets';

export interface AuditTarget {
  databaseUrl: string;
  redisUrl: string;
  gateway: { url: string; secret: string };
  /** Files that clients have written. Without them, the invariants about clients have only the servers to look at. */
  logs: readonly string[];
  /** How long an admitted place in a waiting room lasts. */
  activeSeconds: number;
  /**
   * `sums`: journals that no purchase explains are allowed, such as those of the benchmark. The whole proof if left
   * out.
   */
  ledger?: 'sums' | 'proof';
  /** Left out: invariant 12 looks only at the logs. */
  temporal?: TemporalTarget;
  /** Log files of the API, the worker and the gateway. */
  serviceLogs?: readonly string[];
  /** Passwords, tokens and codes. No log and no history may have one. */
  secrets?: readonly string[];
}

/**
 * The invariants by their numbers: docs/benchmark.md#the-audit. A request that just ended may still break one of these.
 */
const STATE: readonly [number, Invariant][] = [
  [1, seats],
  [2, confirmations],
  [3, ledger],
  [4, prices],
  [5, gatewayBook],
  [6, holds],
  [7, idempotency],
  [8, transitions],
  [9, queue],
  [10, seatLimit],
  [11, tickets],
  [12, workflows],
];

/** A line of a log stays, so one look at the logs is enough. */
const RECORDS: readonly [number, RecordInvariant][] = [
  [12, nonDeterminism],
  [13, secrets],
];

/** A request that just ended may still be on its way into the books. */
const QUIET_WITHIN_MS = 15_000;
const PAUSE_MS = 1_000;

/**
 * Checks the invariants of the design by rules of its own: the auditor uses no code of the service. Only a fault that
 * is still there after some seconds counts.
 */
export async function audit(target: AuditTarget): Promise<Fault[]> {
  return withSources(target, async (sources) => {
    const patience = performance.now() + QUIET_WITHIN_MS;
    let standing = await stateFaults(sources);
    while (standing.length > 0 && performance.now() < patience) {
      await pause(PAUSE_MS);
      const now = new Set((await stateFaults(sources)).map(inWords));
      standing = standing.filter((fault) => now.has(inWords(fault)));
    }
    return [...standing, ...(await faultsIn(RECORDS, sources))];
  });
}

/** The faults at this moment. */
export async function findFaults(target: AuditTarget): Promise<Fault[]> {
  return withSources(target, async (sources) => [
    ...(await stateFaults(sources)),
    ...(await faultsIn(RECORDS, sources)),
  ]);
}

/** Connects, and reads the clients' logs: the clients have ended, so one reading serves every look at the servers. */
async function withSources<Result>(
  target: AuditTarget,
  look: (sources: Sources & Records) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl, redisUrl, gateway, activeSeconds, temporal } = target;
  const clients = await readClientLog(target.logs);
  const connected = temporal ? await reach('Temporal', async () => connectWorkflows(temporal)) : null;
  const redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: null });
  // The failed connection reports the error too.
  redis.on('error', () => undefined);
  try {
    await reach('Redis', async () => redis.connect());
    return await look({
      databaseUrl,
      redis,
      gateway,
      clients,
      activeSeconds,
      ledger: target.ledger ?? 'proof',
      workflows: connected,
      serviceLogs: (target.serviceLogs ?? []).map(openServiceLog),
      secrets: target.secrets ?? [],
    });
  } finally {
    redis.disconnect();
    await connected?.close();
  }
}

async function stateFaults(sources: Sources): Promise<Fault[]> {
  return withSnapshot(sources.databaseUrl, async (snapshot) =>
    faultsIn(STATE, {
      ...sources,
      snapshot,
      reservations: await readReservations(snapshot),
      rooms: await readRooms(snapshot),
      book: await readGatewayBook(sources.gateway),
    }),
  );
}

async function faultsIn<Evidence>(
  invariants: readonly [number, (evidence: Evidence) => Promise<string[]> | string[]][],
  evidence: Evidence,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [number, invariant] of invariants) {
    for (const what of await invariant(evidence)) faults.push({ invariant: number, what });
  }
  return faults;
}
