import type { Reservation, ReservationStore } from '../../db/reservations/reservationStore';
import { Problem } from '../../domain/problems';

/**
 * Finds a reservation of the user. The reservation of another user does not seem to exist (OWASP API1).
 *
 * @throws {Problem} reservation-not-found
 */
export async function findOwnReservation(
  reservations: ReservationStore,
  userId: string,
  reservationId: string,
): Promise<Reservation> {
  const reservation = await reservations.find(reservationId);
  if (reservation?.userId !== userId) throw reservationNotFound();
  return reservation;
}

export function reservationNotFound(): Problem {
  return new Problem('reservation-not-found', 'You have no reservation with this id.');
}
