import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { readClientLog } from './evidence/clientLog';
import { withSnapshot } from './evidence/database';
import type { Evidence, Invariant } from './evidence/evidence';
import { readGatewayBook } from './evidence/gatewayBook';
import { readRooms } from './evidence/rooms';
import { openServiceLog } from './evidence/serviceLogs';
import { connectWorkflows, type TemporalTarget } from './evidence/workflows';
import type { Fault } from './fault';
import { confirmations } from './invariants/02-confirmations';
import { gatewayBook } from './invariants/05-gatewayBook';
import { holds } from './invariants/06-holds';
import { idempotency } from './invariants/07-idempotency';
import { ledger } from './invariants/03-ledger';
import { prices } from './invariants/04-prices';
import { queue } from './invariants/09-queue';
import { seatLimit } from './invariants/10-seatLimit';
import { seats } from './invariants/01-seats';
import { secrets } from './invariants/13-secrets';
import { tickets } from './invariants/11-tickets';
import { transitions } from './invariants/08-transitions';
import { nonDeterminism, workflows } from './invariants/12-workflows';

export interface AuditTarget {
  databaseUrl: string;
  redisUrl: string;
  gateway: { url: string; secret: string };
  /** Files that clients have written. Without them, the invariants about clients have only the servers to look at. */
  logs: readonly string[];
  /** How long an admitted place in a waiting room lasts. */
  activeSeconds: number;
  /** `sums`: journals that no purchase explains are allowed, such as those of the benchmark. The whole proof if left out. */
  ledger?: 'sums' | 'proof';
  /** Left out: invariant 12 looks at the logs alone. */
  temporal?: TemporalTarget;
  /** Log files of the API, the worker and the gateway. */
  serviceLogs?: readonly string[];
  /** What no log and no history may have. */
  secrets?: readonly string[];
}

/** The invariants by their numbers: docs/benchmark.md#the-audit. A request that just ended may still break one of these. */
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

/** What is written down stays, so looking once is enough. */
const RECORDS: readonly [number, Invariant][] = [
  [12, nonDeterminism],
  [13, secrets],
];

/** A request that just ended may still be on its way into the books. */
const QUIET_WITHIN_MS = 15_000;
const PAUSE_MS = 1_000;

/**
 * Checks the invariants of the design by rules of its own: the auditor uses no code of the service. Only a fault that is
 * still there after some seconds counts.
 */
export async function audit(target: AuditTarget): Promise<Fault[]> {
  const patience = performance.now() + QUIET_WITHIN_MS;
  let standing = await find(target, STATE);
  while (standing.length > 0 && performance.now() < patience) {
    await pause(PAUSE_MS);
    const now = new Set((await find(target, STATE)).map(nameOf));
    standing = standing.filter((fault) => now.has(nameOf(fault)));
  }
  return [...standing, ...(await find(target, RECORDS))];
}

const nameOf = ({ invariant, what }: Fault): string => `${invariant}: ${what}`;

/** The faults at this moment. */
export async function findFaults(target: AuditTarget): Promise<Fault[]> {
  return find(target, [...STATE, ...RECORDS]);
}

async function find(target: AuditTarget, invariants: readonly [number, Invariant][]): Promise<Fault[]> {
  const { databaseUrl, redisUrl, gateway, logs, activeSeconds, temporal } = target;
  const clients = await readClientLog(logs);
  const listed = temporal ? await connectWorkflows(temporal) : null;
  const redis = new Redis(redisUrl);
  try {
    return await withSnapshot(databaseUrl, async (snapshot) =>
      check(invariants, {
        snapshot,
        redis,
        clients,
        rooms: await readRooms(snapshot),
        book: await readGatewayBook(gateway),
        ledger: target.ledger ?? 'proof',
        activeSeconds,
        workflows: listed,
        serviceLogs: (target.serviceLogs ?? []).map(openServiceLog),
        secrets: target.secrets ?? [],
      }),
    );
  } finally {
    redis.disconnect();
    await listed?.close();
  }
}

async function check(invariants: readonly [number, Invariant][], evidence: Evidence): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [number, invariant] of invariants) {
    for (const what of await invariant(evidence)) faults.push({ invariant: number, what });
  }
  return faults;
}
