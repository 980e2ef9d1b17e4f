import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { faultsOfClaims } from './claims';
import { faultsOfConfirmations } from './confirmations';
import { withSnapshot } from './database';
import type { Fault } from './fault';
import { readGatewayBook } from './gatewayBook';
import { faultsOfGatewayBook, faultsOfLedger, faultsOfPrices } from './money';
import { faultsOfQueue } from './queue';
import { faultsOfRooms, readRooms } from './rooms';
import { faultsOfSeats } from './seats';
import { readLogs } from './told';

export interface AuditTarget {
  databaseUrl: string;
  redisUrl: string;
  gateway: { url: string; secret: string };
  /** Files that clients have written; without them invariants 2 and 9 rest on the servers alone. */
  logs: readonly string[];
  /** How long an admitted place in a waiting room lasts. */
  activeSeconds: number;
}

/** What just ended may still be on its way into the books. */
const QUIET_WITHIN_MS = 15_000;
const PAUSE_MS = 1_000;

/**
 * Checks invariants 1 to 5, 9 and 10 of docs/benchmark.md#the-audit by rules of its own: nothing of the service's
 * code is asked. A fault counts that is still there after some seconds.
 */
export async function audit(target: AuditTarget): Promise<Fault[]> {
  const patience = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const faults = await findFaults(target);
    if (faults.length === 0 || performance.now() > patience) return faults;
    await pause(PAUSE_MS);
  }
}

/** What is wrong this moment. */
export async function findFaults({
  databaseUrl,
  redisUrl,
  gateway,
  logs,
  activeSeconds,
}: AuditTarget): Promise<Fault[]> {
  const log = await readLogs(logs);
  const redis = new Redis(redisUrl);
  try {
    return await withSnapshot(databaseUrl, async (snapshot) => {
      const rooms = await readRooms(snapshot);
      const seats = await faultsOfSeats(snapshot);
      const confirmations = await faultsOfConfirmations(snapshot, log);
      const ledger = await faultsOfLedger(snapshot);
      const claims = await faultsOfClaims(snapshot, redis);
      const book = await readGatewayBook(gateway);
      return [
        ...seats,
        ...claims,
        ...confirmations,
        ...ledger,
        ...(await faultsOfPrices(snapshot, book)),
        ...(await faultsOfGatewayBook(snapshot, book)),
        ...faultsOfQueue(log, rooms, activeSeconds),
        ...(await faultsOfRooms(redis, rooms)),
      ];
    });
  } finally {
    redis.disconnect();
  }
}
