import type { HoldStore } from '../../db/holdStore';
import { assertHoldable } from '../../domain/holdRules';
import { Problem } from '../../domain/problems';
import type { ReservedSeat } from '../../domain/seat';
import type { SeatClaim } from '../../redis/seatClaim';
import type { HeldReservation, ReservationInput } from '../../workflows/messages';
import type { HoldMeter } from './holdMeter';
import type { ReservationWorkflows } from './reservationWorkflows';

export interface HoldRequest {
  reservationId: string;
  userId: string;
  /** The request can be repeated under its key, so that a hold of unknown outcome is worth keeping. */
  repeatable: boolean;
}

export interface HoldClaimedDependencies {
  settings: { HOLD_SECONDS: number; SETTLE_SECONDS: number };
  seatClaim: SeatClaim;
  holds: HoldStore;
  workflows: ReservationWorkflows;
  /** Learns of the holds that got as far as the workflow. */
  meter: HoldMeter;
}

/**
 * Holds seats that the reservation has claimed in Redis. No claim is left behind by a refusal, nor on seats that
 * the reservation turns out not to hold.
 *
 * @throws {Problem} the hold's refusal; temporarily-unavailable
 */
export type HoldClaimed = (
  request: HoldRequest,
  scheduleId: string,
  seatIds: readonly string[],
) => Promise<HeldReservation>;

export function createHoldClaimed(dependencies: HoldClaimedDependencies): HoldClaimed {
  const { settings, seatClaim, holds, workflows, meter } = dependencies;

  return async function holdClaimed({ reservationId, userId, repeatable }, scheduleId, claimed) {
    const unclaim = async (ids: readonly string[]) =>
      seatClaim.release(scheduleId, ids, reservationId).catch(() => undefined);

    const seatIds = claimed.toSorted();
    const { HOLD_SECONDS: holdSeconds, SETTLE_SECONDS: settleSeconds } = settings;
    const input = { reservationId, userId, scheduleId, seatIds, holdSeconds, settleSeconds };
    const seats = await checkInPostgres(input).catch(async (error: unknown) => {
      await unclaim(seatIds);
      throw error;
    });
    try {
      const held = await meter.measure(async () => workflows.hold(input, summaryOf(seats)));
      // An earlier run under the same key, or one beside this, may have chosen other seats: those count.
      const others = notHeld(seatIds, held);
      if (others.length > 0) await unclaim(others);
      return held;
    } catch (error) {
      if (error instanceof Problem) await unclaim(seatIds);
      // Nothing may stay held after a 503 that the client cannot repeat.
      else if (!repeatable) await workflows.abandon(reservationId);
      throw error;
    }
  };

  /** After a loss of Redis the claim knows nothing: this read turns away whom the claim would have. */
  async function checkInPostgres(input: ReservationInput): Promise<readonly ReservedSeat[]> {
    const facts = await holds.readHoldFacts(input, 'look');
    if (!facts) throw new Problem('seat-not-found', 'No such seat.', { seatIds: input.seatIds });
    assertHoldable(facts, input.seatIds, new Date());
    return facts.seats;
  }
}

function notHeld(seatIds: readonly string[], { seats }: HeldReservation): string[] {
  const held = new Set(seats.map((seat) => seat.seatId));
  return seatIds.filter((seatId) => !held.has(seatId));
}

/** Such as "2 seats: 1F A row 3 seat 11, 1F A row 3 seat 12". */
function summaryOf(seats: readonly ReservedSeat[]): string {
  const names = seats.map(({ zone, row, number }) => `${zone} row ${row} seat ${number}`);
  return `${seats.length === 1 ? '1 seat' : `${seats.length} seats`}: ${names.join(', ')}`;
}
