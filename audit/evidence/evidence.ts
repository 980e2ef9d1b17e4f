import type { Redis } from 'ioredis';
import type { ClientLog } from './clientLog';
import type { Snapshot } from './database';
import type { Capture } from './gatewayBook';
import type { RoomLimits } from './rooms';
import type { ServiceLog } from './serviceLogs';
import type { Workflows } from './workflows';

/** Everything that the auditor looks at. Postgres is one snapshot; the rest was read after it began. */
export interface Evidence {
  snapshot: Snapshot;
  redis: Redis;
  /** The book of the sandbox gateway. */
  book: readonly Capture[];
  /** What clients wrote down; empty where there is no log. */
  clients: ClientLog;
  rooms: readonly RoomLimits[];
  /** How much of the ledger is checked. */
  ledger: 'sums' | 'proof';
  /** How long an admitted place in a waiting room lasts. */
  activeSeconds: number;
  /** Null where no Temporal was named. */
  workflows: Workflows | null;
  serviceLogs: readonly ServiceLog[];
  /** Passwords, tokens and codes that clients sent or received. */
  secrets: readonly string[];
}

/** Finds what breaks one invariant, in words. */
export type Invariant = (evidence: Evidence) => Promise<string[]>;
