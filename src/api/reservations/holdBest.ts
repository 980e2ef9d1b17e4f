import { z } from 'zod';
import type { SeatWish } from '../../domain/reservations/bestAvailable/choose';
import type { HeldReservation } from '../../domain/reservations/hold';
import { Problem } from '../../domain/problems';
import type { SeatClaim } from '../../redis/reservations/seatClaim';
import type { HoldAttempt, HoldClaimedSeats } from './holdClaimedSeats';
import type { SeatChoice } from './seatChoice';

/**
 * Each failed round finds at least one seat of every group taken, about 50 groups of four. Hundreds of clients at once
 * need a few rounds.
 */
const MAX_ROUNDS = 20;

export interface HoldBestDependencies {
  seatChoice: SeatChoice;
  seatClaim: SeatClaim;
  holdClaimedSeats: HoldClaimedSeats;
}

/**
 * Holds the best available seats of a schedule whose sale is open. It chooses by what this process knows. Then it
 * claims, in one call, the first group that is still free. If a group turns out to be taken, in Redis or in Postgres,
 * the next choice leaves it out. The next choice also leaves out a group that the client has to wait for. Each round is
 * a transaction of its own under the same reservation id, until one is granted.
 *
 * @throws {Problem} validation-failed for an unknown grade or zone; seat-unavailable if nothing fits;
 *   hold-limit-exceeded if only seats fit that the client has to wait for; temporarily-unavailable after {@link
 *   MAX_ROUNDS}; and the refusals of a hold of named seats
 */
export type HoldBest = (attempt: HoldAttempt, scheduleId: string, wish: SeatWish) => Promise<HeldReservation>;

export function createHoldBest({ seatChoice, seatClaim, holdClaimedSeats }: HoldBestDependencies): HoldBest {
  return async function holdBest(attempt, scheduleId, wish) {
    const since = Date.now();
    await seatChoice.assertKnown(scheduleId, wish);
    // The workflow starts with the first round. A later round may be granted other seats.
    attempt.summary = `${wish.quantity === 1 ? '1 seat' : `${wish.quantity} seats`}, best available`;
    const taken = new Set<string>();
    let mustWait: Problem | null = null;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const groups = await seatChoice.best(scheduleId, wish, { taken, since });
      if (groups.length === 0) throw mustWait ?? nothingFits(wish);
      const claim = await seatClaim.claimFirst(scheduleId, groups, attempt.reservationId);
      for (const seatId of claim.taken) taken.add(seatId);
      if (!claim.claimed) continue;
      try {
        return await holdClaimedSeats(attempt, scheduleId, claim.claimed);
      } catch (error) {
        const gone = goneSeats(error);
        if (gone.length === 0 || !(error instanceof Problem)) throw error;
        if (error.slug === 'hold-limit-exceeded') mustWait = error;
        for (const seatId of gone) taken.add(seatId);
      }
    }
    throw new Problem(
      'temporarily-unavailable',
      'Too many clients ask for the same seats at once; nothing was held.',
    );
  };
}

function nothingFits({ quantity }: SeatWish): Problem {
  return new Problem(
    'seat-unavailable',
    quantity === 1
      ? 'No seat like that is free at the moment.'
      : `There are no ${quantity} seats like that free at the moment.`,
    { unavailableSeatIds: [] },
  );
}

const unavailable = z.object({ unavailableSeatIds: z.array(z.string()) });
const limited = z.object({ seatIds: z.array(z.string()) });

/** Returns the seats that another client turned out to have, or that this client has to wait for. */
function goneSeats(error: unknown): string[] {
  if (!(error instanceof Problem)) return [];
  if (error.slug === 'hold-limit-exceeded') return limited.safeParse(error.members).data?.seatIds ?? [];
  if (error.slug !== 'seat-unavailable') return [];
  return unavailable.safeParse(error.members).data?.unavailableSeatIds ?? [];
}
