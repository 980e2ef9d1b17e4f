import type { Knex } from 'knex';
import type { Logger } from '../config/logging';
import type { Rollout } from '../config/settings';
import type { Gateways } from '../gateways/gateways';
import type { Lobby } from '../redis/queue/lobby';
import type { SeatClaim } from '../redis/reservations/seatClaim';

/** The kinds of rows that the sweep looks at, in the words of the metric. */
export type StrandedKind = 'reservation' | 'cancellation' | 'show' | 'opening';

/** What the activities work with; the worker's main file connects it, tests bring their own. */
export interface ActivityDependencies {
  db: Knex;
  seatClaim: SeatClaim;
  lobby: Lobby;
  /** Tells readers of a schedule's seat map that it changed. Resolves also where Redis is down. */
  bumpSeatVersion: (scheduleId: string) => Promise<unknown>;
  gateways: Gateways;
  /** How long past its hold an unknown payment may keep the seats. */
  settleSeconds: number;
  /** Counts what the sweep found without a workflow. */
  stranded: (count: number, kind: StrandedKind) => void;
  /** Counts steps that can never succeed as things are, by the name of their activity. */
  permanentFailure: (activity: string) => void;
  /** Attempts and charges younger than this are under way for reconciliation. */
  reconcileAfterMs: number;
  /** Null where the server knows no versions of workers. */
  rollout: Rollout | null;
  logger: Logger;
}
