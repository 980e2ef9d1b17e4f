import type { CancellationStore, RecordedFacts } from '../../db/cancellations/cancellationStore';
import type { ReservationStore } from '../../db/reservations/reservationStore';
import { validationFailed } from '../http/validation';
import { findOwnReservation, reservationNotFound } from '../reservations/findOwn';

/** The seats that a client names, and the field that names them. Null means all seats that are left. */
export interface NamedSeats {
  seatIds: readonly string[] | null;
  field: 'seatIds' | 'seatId';
}

/**
 * Reads the facts that decide whether the user can cancel seats of an own reservation.
 *
 * @throws {Problem} reservation-not-found; validation-failed for seats that the reservation never had
 */
export function createReadFacts(reservations: ReservationStore, cancellations: CancellationStore) {
  return async function readFacts(
    userId: string,
    reservationId: string,
    { seatIds, field }: NamedSeats,
  ): Promise<{ facts: RecordedFacts; scheduleId: string }> {
    const { scheduleId } = await findOwnReservation(reservations, userId, reservationId);
    if (seatIds) {
      const seats = (await reservations.seatsOf([reservationId])).get(reservationId) ?? [];
      const own = new Set(seats.map((seat) => seat.seatId));
      const issues = seatIds.flatMap((seatId, index) =>
        own.has(seatId) ? [] : [{ path: `${field}.${index}`, message: 'Not a seat of this reservation' }],
      );
      if (issues.length > 0) throw validationFailed(issues);
    }
    const facts = await cancellations.facts(reservationId, seatIds);
    if (!facts) throw reservationNotFound();
    return { facts, scheduleId };
  };
}
