import type { UnpaidHoldStore } from '../../db/reservations/unpaidHoldStore';
import type { HeldReservation } from '../../domain/reservations/hold';
import { Problem } from '../../domain/problems';
import type { ReservedSeat } from '../../domain/reservations/seat';
import {
  longest,
  MEMORY_MS,
  shareOf,
  waitMs,
  waitOfAccount,
  type HoldAllowance,
  type UnpaidHold,
  type Wait,
} from '../../domain/reservations/unpaidHolds';
import type { AddressHoldLog } from '../../redis/reservations/addressHolds';

/** A client and the seats that it wants to hold. */
export interface WantedHold {
  userId: string;
  /** The network of the client. */
  network: string;
  scheduleId: string;
  seatIds: readonly string[];
}

/**
 * Makes hoarding cost something. A client that holds a seat and releases it again and again has to wait longer and
 * longer before the next time. So others get the seat meanwhile (OWASP OAT-021 Denial of Inventory). Docs: decision
 * 0063.
 */
export interface HoldLimits {
  /**
   * @param now the clock of Postgres
   * @throws {Problem} hold-limit-exceeded, with `seatIds` if only some seats are concerned
   */
  assertAllowed(wanted: WantedHold, now: Date): Promise<void>;
  /** Counts a hold that was granted. Never fails. */
  granted(network: string, held: HeldReservation): Promise<void>;
  /** Counts a hold that its client has released. Never fails. */
  released(network: string, hold: ReleasedHold): Promise<void>;
}

export type ReleasedHold = Omit<UnpaidHold, 'seatId'> & {
  reservationId: string;
  seats: readonly Pick<ReservedSeat, 'seatId'>[];
};

export function createHoldLimits({
  allowance,
  holdMs,
  unpaidHolds,
  addressHolds,
}: {
  allowance: HoldAllowance;
  /** The length of a hold. */
  holdMs: number;
  unpaidHolds: UnpaidHoldStore;
  addressHolds: AddressHoldLog;
}): HoldLimits {
  async function waitOfAddress({ network, seatIds }: WantedHold): Promise<Wait | null> {
    const held = await addressHolds.look(network, seatIds);
    return longest(
      held.map(({ seatId, ...past }) => ({ seatId, ms: waitMs(past, allowance.ofAddress, holdMs) })),
    );
  }

  return {
    async assertAllowed(wanted, now) {
      const { userId, scheduleId, seatIds } = wanted;
      const since = new Date(now.getTime() - MEMORY_MS);
      const [unpaid, ofAddress] = await Promise.all([
        unpaidHolds.ofAccount({ userId, scheduleId, since }),
        waitOfAddress(wanted),
      ]);
      const ofAccount = waitOfAccount(unpaid, seatIds, { allowance, holdMs, now });
      if (ofAccount) throw limitExceeded(ofAccount);
      if (ofAddress) throw limitExceeded(ofAddress);
    },

    async granted(network, { reservationId, seats }) {
      await addressHolds.begin({ network, reservationId, seatIds: idsOf(seats), holdMs });
    },

    async released(network, { reservationId, seats, ...times }) {
      await addressHolds.end({ network, reservationId, seatIds: idsOf(seats), share: shareOf(times) });
    },
  };
}

/** For RATE_LIMIT_FACTOR 0. */
export const NO_HOLD_LIMITS: HoldLimits = {
  assertAllowed: () => Promise.resolve(),
  granted: () => Promise.resolve(),
  released: () => Promise.resolve(),
};

function idsOf(seats: ReleasedHold['seats']): string[] {
  return seats.map(({ seatId }) => seatId);
}

function limitExceeded({ ms, seatIds }: Wait): Problem {
  return new Problem(
    'hold-limit-exceeded',
    seatIds
      ? 'These seats were held too often without a purchase. Others come first for a while.'
      : 'Too many seats of this schedule were held without a purchase. Others come first for a while.',
    { retryAfter: Math.ceil(ms / 1_000), ...(seatIds && { seatIds }) },
  );
}
