import type { Redis } from 'ioredis';
import type { ClientLog } from './clientLog';
import type { Snapshot } from './database';
import type { Capture } from './gatewayBook';
import type { AuditedReservation } from './reservations';
import type { RoomLimits } from './rooms';
import type { ServiceLog } from './serviceLogs';
import type { Workflows } from './workflows';

/** The connections and files of one audit. Each look at the servers makes {@link Evidence} of them. */
export interface Sources {
  databaseUrl: string;
  redis: Redis;
  gateway: { url: string; secret: string };
  /** The lines that clients wrote; empty if there is no log. */
  clients: ClientLog;
  /** How much of the ledger is checked. */
  ledger: 'sums' | 'proof';
  /** How long an admitted place in a waiting room lasts. */
  activeSeconds: number;
  /** Null if no Temporal was named. */
  workflows: Workflows | null;
}

/** The auditor's view of one moment. Postgres is one snapshot; the rest was read after it began. */
export interface Evidence extends Sources {
  snapshot: Snapshot;
  reservations: ReadonlyMap<string, AuditedReservation>;
  /** The book of the sandbox gateway. */
  book: readonly Capture[];
  rooms: readonly RoomLimits[];
}

/** The written records of the service. */
export interface Records {
  workflows: Workflows | null;
  serviceLogs: readonly ServiceLog[];
  /** Passwords, tokens and codes that clients sent or received. */
  secrets: readonly string[];
}

/** Finds the faults that break one invariant, in words. */
export type Invariant = (evidence: Evidence) => Promise<string[]> | string[];
/** The same, in the records. */
export type RecordInvariant = (records: Records) => Promise<string[]>;
