import { z } from 'zod';
import type { ReservationStore } from '../../db/reservationStore';
import type { SeatWish } from '../../domain/bestAvailable/choose';
import { Problem } from '../../domain/problems';
import type { SeatClaim } from '../../redis/seatClaim';
import type { HeldReservation } from '../../workflows/messages';
import type { HoldClaimed, HoldRequest } from './holdClaimed';
import type { SeatChoice } from './seatChoice';

/** Each finds at least one seat of every group taken, some 50 groups of four; hundreds at once need a few. */
const MAX_ROUNDS = 20;

export interface HoldBestDependencies {
  seatChoice: SeatChoice;
  seatClaim: SeatClaim;
  holdClaimed: HoldClaimed;
  reservations: ReservationStore;
}

/**
 * Holds the best available seats of a schedule whose sale is open. Chosen by what is known, then claimed in one
 * call that takes the first group nobody else was faster with. Whatever shows that a seat is gone, in Redis, in
 * Postgres or in the workflow, is learned, and the choice made anew.
 *
 * @throws {Problem} validation-failed for an unknown grade or zone; seat-unavailable where nothing fits, and what
 *   a hold of named seats is refused with
 */
export type HoldBest = (request: HoldRequest, scheduleId: string, wish: SeatWish) => Promise<HeldReservation>;

export function createHoldBest(dependencies: HoldBestDependencies): HoldBest {
  const { seatChoice, seatClaim, holdClaimed, reservations } = dependencies;

  return async function holdBest(request, scheduleId, wish) {
    const since = Date.now();
    await seatChoice.assertKnown(scheduleId, wish);
    const taken = new Set<string>();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const groups = await seatChoice.best(scheduleId, wish, { taken, since });
      if (groups.length === 0) return holdEarlier(request, scheduleId, wish);
      const claim = await seatClaim.claimFirst(scheduleId, groups, request.reservationId);
      for (const seatId of claim.taken) taken.add(seatId);
      if (!claim.claimed) continue;
      try {
        return await holdClaimed(request, scheduleId, claim.claimed);
      } catch (error) {
        const gone = goneSeats(error);
        if (gone.length === 0) throw error;
        for (const seatId of gone) taken.add(seatId);
      }
    }
    throw new Problem(
      'temporarily-unavailable',
      'Too many ask for the same seats at once; nothing was held.',
    );
  };

  /**
   * Nothing fits, but an earlier run under the same key may have its seats already and have died before it
   * answered: they are the answer.
   */
  async function holdEarlier(
    request: HoldRequest,
    scheduleId: string,
    { quantity }: SeatWish,
  ): Promise<HeldReservation> {
    const { reservationId, repeatable } = request;
    const earlier = repeatable ? await reservations.seatsOf([reservationId]) : undefined;
    const seatIds = earlier?.get(reservationId)?.map((seat) => seat.seatId) ?? [];
    if (seatIds.length > 0) return holdClaimed(request, scheduleId, seatIds);
    throw new Problem(
      'seat-unavailable',
      quantity === 1
        ? 'No seat like that is free at the moment.'
        : `There are no ${quantity} seats like that free at the moment.`,
      { unavailableSeatIds: [] },
    );
  }
}

const unavailable = z.object({ unavailableSeatIds: z.array(z.string()) });

/** Seats that somebody else turned out to have. */
function goneSeats(error: unknown): string[] {
  if (!(error instanceof Problem) || error.slug !== 'seat-unavailable') return [];
  return unavailable.safeParse(error.members).data?.unavailableSeatIds ?? [];
}
