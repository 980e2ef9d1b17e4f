import type { Stores } from '../../db/stores';
import type { AnsweredKey } from '../../db/idempotencyStore';
import type { HoldNames, HoldStore } from '../../db/reservations/holdStore';
import type { HeldReservation } from '../../domain/reservations/hold';
import { assertHoldable, type HoldFacts } from '../../domain/reservations/holdRules';
import { reservationAmount } from '../../domain/money';
import { Problem } from '../../domain/problems';
import type { SeatClaim } from '../../redis/reservations/seatClaim';
import { seatsChanged, type SeatNotices } from '../../redis/catalogue/seatsChanged';
import type { ReservationRun } from '../../temporal/reservations/startReservation';
import { grantHold, grantUnchangedHold, HoldTooLate } from './grantHold';
import type { HoldLimits } from './holdLimits';
import type { HoldMeter } from './holdMeter';
import type { ReservationWorkflows } from './reservationWorkflows';

/** One request to hold seats. It has one reservation id and one workflow, however many groups of seats it tries. */
export interface HoldAttempt {
  readonly reservationId: string;
  readonly userId: string;
  /** The name of the waiting room that the client was admitted to. */
  readonly room: string;
  /** The client's network. */
  readonly network: string;
  /**
   * Grants the hold, and records the response of the key of the request with it: in one statement if that is possible,
   * else in one transaction.
   */
  settle: (
    grant: (stores: Stores) => Promise<HeldReservation>,
    inOneStatement: GrantInOne,
  ) => Promise<HeldReservation>;
  /** The summary of the workflow, for operators. When left out, it names the seats and their price. */
  summary?: string;
  /** The run of the workflow, once it has been started or found. */
  run: ReservationRun | null;
}

/** Returns null if it has granted nothing. */
type GrantInOne = (answerOf: (held: HeldReservation) => AnsweredKey) => Promise<HeldReservation | null>;

export interface HoldClaimedSeatsDependencies {
  settings: { HOLD_SECONDS: number };
  seatClaim: SeatClaim;
  seatNotices: SeatNotices;
  holds: HoldStore;
  limits: HoldLimits;
  workflows: Pick<ReservationWorkflows, 'start' | 'discard'>;
  /** Measures the holds that get as far as the workflow. */
  meter: HoldMeter;
}

/**
 * Holds seats that the reservation has claimed in Redis: checks them in Postgres, starts the workflow, grants the hold.
 * A refusal leaves no claim behind.
 *
 * @throws {Problem} the refusal of the hold; temporarily-unavailable
 * @throws if a part fails: the hold may have been granted all the same
 */
export type HoldClaimedSeats = (
  attempt: HoldAttempt,
  scheduleId: string,
  seatIds: readonly string[],
) => Promise<HeldReservation>;

/**
 * A run in which nothing can be granted any more is replaced once. After that, the machine is too slow to promise
 * seats.
 */
const TRIES = 2;

export function createHoldClaimedSeats(dependencies: HoldClaimedSeatsDependencies): HoldClaimedSeats {
  const { settings, seatClaim, seatNotices, holds, limits, workflows, meter } = dependencies;

  return async function holdClaimedSeats(attempt, scheduleId, claimed) {
    const { reservationId, userId } = attempt;
    const seatIds = claimed.toSorted();
    /** The reservation that has each seat, as far as Postgres has reported it. */
    const owners = new Map<string, string | null>(seatIds.map((seatId) => [seatId, null]));
    const settleClaim = async () => seatClaim.giveUp(scheduleId, owners, reservationId);
    try {
      const held = await grant(attempt, { reservationId, userId, scheduleId, seatIds }, owners);
      // An earlier run under the same key may have been granted other seats. Those seats count.
      for (const seat of held.seats) if (owners.has(seat.seatId)) owners.set(seat.seatId, reservationId);
      await Promise.all([
        seatsChanged(seatNotices, scheduleId, settleClaim),
        limits.granted(attempt.network, held),
      ]);
      return held;
    } catch (error) {
      // If the outcome is unknown, the hold may exist. Then the claim ends automatically.
      if (error instanceof Problem) await settleClaim().catch(() => undefined);
      throw error;
    }
  };

  async function grant(
    attempt: HoldAttempt,
    hold: Hold,
    owners: Map<string, string | null>,
  ): Promise<HeldReservation> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const facts = await check(hold, attempt.network, owners);
      try {
        return await meter.measure(async () => {
          const { heldAt, expiresAt } = (attempt.run ??= await start(
            hold,
            facts.now,
            attempt.summary ?? summaryOf(facts),
          ));
          const toGrant = { ...hold, room: attempt.room, heldAt, expiresAt };
          return attempt.settle(
            async (stores) => grantHold(stores, toGrant),
            async (answerOf) => grantUnchangedHold(holds, toGrant, facts, answerOf),
          );
        });
      } catch (error) {
        if (!(error instanceof HoldTooLate)) throw error;
        if (attempt.run) await workflows.discard(hold.reservationId, attempt.run.runId);
        attempt.run = null;
      }
    }
    throw new Problem('temporarily-unavailable', 'The hold was not granted in time; nothing was held.');
  }

  /**
   * Rejects most losers of a race that Redis let through, for example after it lost its data. This happens before a
   * workflow is started for them.
   */
  async function check(hold: Hold, network: string, owners: Map<string, string | null>): Promise<HoldFacts> {
    const facts = await holds.readHoldFacts(hold, 'read');
    if (!facts) throw new Problem('seat-not-found', 'No such seat.', { seatIds: hold.seatIds });
    for (const { seatId, takenBy } of facts.seats) owners.set(seatId, takenBy);
    if (!facts.recorded) {
      assertHoldable(facts, hold.seatIds);
      await limits.assertAllowed({ ...hold, network }, facts.now);
    }
    return facts;
  }

  async function start(hold: Hold, heldAt: Date, summary: string): Promise<ReservationRun> {
    const { reservationId, userId, scheduleId } = hold;
    const expiresAt = new Date(heldAt.getTime() + settings.HOLD_SECONDS * 1000);
    return workflows.start({ reservationId, userId, scheduleId, heldAt, expiresAt, summary });
  }
}

interface Hold extends HoldNames {
  seatIds: readonly string[];
}

/** Such as "2 seats, 304000 KRW: 1F A row 3 seat 11, 1F A row 3 seat 12". */
function summaryOf({ seats, schedule }: HoldFacts): string {
  const names = seats.map(({ zone, row, number }) => `${zone} row ${row} seat ${number}`);
  const prices = seats.map((seat) => seat.price);
  const { total, currency } = reservationAmount(prices, schedule.bookingFee);
  return `${seats.length === 1 ? '1 seat' : `${seats.length} seats`}, ${total} ${currency}: ${names.join(', ')}`;
}
