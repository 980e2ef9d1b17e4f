import type { Knex } from 'knex';
import type { Logger } from '../config/logging';
import type { Rollout } from '../config/settings';
import type { Gateways } from '../gateways/gateways';
import type { Lobby } from '../redis/queue/lobby';
import type { SeatClaim } from '../redis/reservations/seatClaim';

/** The kinds of rows that the sweep looks at, as the metric names them. */
export type StrandedKind = 'reservation' | 'cancellation' | 'show' | 'opening';

/** What the activities use. The worker's main file connects it; tests provide their own. */
export interface ActivityDependencies {
  db: Knex;
  seatClaim: SeatClaim;
  lobby: Lobby;
  /** Shows readers of the seat map of a schedule that it has changed. It also resolves if Redis is down. */
  bumpSeatVersion: (scheduleId: string) => Promise<unknown>;
  gateways: Gateways;
  /** How long an unknown payment may keep the seats after the end of its hold. */
  settleSeconds: number;
  /** Counts the rows that the sweep found without a workflow. */
  stranded: (count: number, kind: StrandedKind) => void;
  /** Counts steps that cannot succeed until their cause is fixed, by the name of their activity. */
  permanentFailure: (activity: string) => void;
  /** Reconciliation treats attempts and charges that are younger than this as under way. */
  reconcileAfterMs: number;
  /** Null if the server does not know versions of workers. */
  rollout: Rollout | null;
  logger: Logger;
}
