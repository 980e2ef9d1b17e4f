import type { ReservationAmount } from '../money';
import type { ReservedSeat } from './seat';

/**
 * How long after `heldAt` a hold may still be granted, by Postgres's clock. An API that stalls longer than this
 * between the start of the workflow and its transaction grants nothing. The claim in Redis lives as long.
 */
export const GRANT_WITHIN_MS = 15_000;

/** A hold that was granted. Times are ISO 8601 in UTC. */
export interface HeldReservation {
  reservationId: string;
  scheduleId: string;
  /** Never empty. */
  seats: ReservedSeat[];
  amount: ReservationAmount;
  heldAt: string;
  /** Until then nobody else gets these seats. */
  expiresAt: string;
}
