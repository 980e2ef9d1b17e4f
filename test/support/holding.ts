import { inTransaction } from '../../src/db/stores';
import { randomUUID } from 'node:crypto';
import {
  createHoldClaimedSeats,
  type HoldAttempt,
  type HoldClaimedSeats,
} from '../../src/api/reservations/holdClaimedSeats';
import { NO_HOLD_LIMITS, type HoldLimits } from '../../src/api/reservations/holdLimits';
import { createHoldMeter } from '../../src/api/reservations/holdMeter';
import type { ReservationWorkflows } from '../../src/api/reservations/reservationWorkflows';
import { createHoldStore } from '../../src/db/reservations/holdStore';
import type { Fixture } from './fixture';

/** The part of placing a hold that comes after the claim, as one process of the API runs it. */
export function createHolding(
  { dependencies: { db, seatClaim, bumpSeatVersion, logger } }: Pick<Fixture, 'dependencies'>,
  workflows: Pick<ReservationWorkflows, 'start' | 'discard'>,
  holdSeconds = 300,
  limits: HoldLimits = NO_HOLD_LIMITS,
): HoldClaimedSeats {
  return createHoldClaimedSeats({
    settings: { HOLD_SECONDS: holdSeconds },
    seatClaim,
    seatNotices: { bumpSeatVersion, logger },
    holds: createHoldStore(db),
    limits,
    workflows,
    meter: createHoldMeter(async () => Promise.resolve()),
  });
}

/** A request to hold seats without an idempotency key. */
export function anAttemptToHold(
  { dependencies: { db } }: Pick<Fixture, 'dependencies'>,
  userId: string,
  reservationId: string = randomUUID(),
): HoldAttempt {
  return {
    reservationId,
    userId,
    room: 'service',
    network: '127.0.0.1',
    run: null,
    settle: async (grant) => inTransaction(db, grant),
  };
}
