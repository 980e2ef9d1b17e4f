import type { ReservationAmount } from '../money';
import type { ReservedSeat } from './seat';

/**
 * How long after `heldAt` a hold may still be granted, by the clock of Postgres. If an API stalls longer than this
 * between the start of the workflow and its transaction, it grants nothing. The claim in Redis lives just as long.
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
  /** Until then, no other client gets these seats. */
  expiresAt: string;
}
