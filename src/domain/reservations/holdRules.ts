import { Problem } from '../problems';
import type { ReservedSeat } from './seat';

/** The facts that decide about a hold, from one read. */
export interface HoldFacts {
  /** Postgres's clock. */
  now: Date;
  /** Another text whenever a row of the schedule, its grades or these seats was written since. */
  version: string;
  /** The reservation already has a row. */
  recorded: boolean;
  schedule: {
    saleOpensAt: Date;
    saleClosesAt: Date;
    saleSwitch: 'OPEN' | 'PAUSED' | 'CLOSED';
    /** The show does not take place. */
    cancelledAt: Date | null;
    maxSeatsPerUser: number;
    bookingFee: number;
  };
  seats: (ReservedSeat & {
    blocked: boolean;
    /** The other reservation that has the seat, held or sold. Null if the seat is free. */
    takenBy: string | null;
  })[];
  /** The number of seats of this schedule that the user already has in other reservations, held or bought. */
  alreadyHeld: number;
}

/**
 * Checks the rules of `POST /v1/reservations`. The API calls it before it starts a workflow, and again in the
 * transaction that grants the hold. It returns if the hold may be made.
 *
 * @throws {Problem} seat-not-found, sale-not-open, seat-unavailable or seat-limit-exceeded
 */
export function assertHoldable(facts: HoldFacts, seatIds: readonly string[]): void {
  const { now, schedule, seats, alreadyHeld } = facts;
  const known = new Set(seats.map((seat) => seat.seatId));
  const unknown = seatIds.filter((seatId) => !known.has(seatId));
  if (unknown.length > 0) throw new Problem('seat-not-found', 'No such seat.', { seatIds: unknown });

  assertSaleOpen(schedule, now);
  const unavailable = seats
    .filter((seat) => seat.blocked || seat.takenBy !== null)
    .map((seat) => seat.seatId);
  if (unavailable.length > 0) throw seatUnavailable(unavailable);

  if (alreadyHeld + seatIds.length > schedule.maxSeatsPerUser) {
    throw new Problem('seat-limit-exceeded', 'That is more seats than one user may have for this schedule.', {
      limit: schedule.maxSeatsPerUser,
      alreadyHeld,
    });
  }
}

/** @throws {Problem} sale-not-open, with the opening times or with `cancelled` */
export function assertSaleOpen(
  schedule: Pick<HoldFacts['schedule'], 'saleOpensAt' | 'saleClosesAt' | 'saleSwitch' | 'cancelledAt'>,
  now: Date,
): void {
  const { saleSwitch, saleOpensAt, saleClosesAt } = schedule;
  if (schedule.cancelledAt) throw showCancelled();
  if (saleSwitch === 'OPEN' && saleOpensAt <= now && now < saleClosesAt) return;
  throw new Problem('sale-not-open', 'Seats of this schedule are not on sale now.', {
    saleOpensAt: saleOpensAt.toISOString(),
    saleClosesAt: saleClosesAt.toISOString(),
    paused: saleSwitch === 'PAUSED',
  });
}

/** Clients can no longer hold or pay for seats of this show. */
export function showCancelled(): Problem {
  return new Problem('sale-not-open', 'The show was cancelled.', { cancelled: true });
}

export function seatUnavailable(unavailableSeatIds: readonly string[]): Problem {
  return new Problem('seat-unavailable', 'A seat that you requested is not available.', {
    unavailableSeatIds: [...unavailableSeatIds],
  });
}
