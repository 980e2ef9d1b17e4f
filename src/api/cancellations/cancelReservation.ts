import type { CancellationStore, RecordedCancellation } from '../../db/cancellationStore';
import type { ReservationStore } from '../../db/reservationStore';
import { cancellationTerms, notCancellable } from '../../domain/cancellationTerms';
import { findOwnReservation, reservationNotFound } from '../reservations/findOwn';
import type { CancellationWorkflows } from './cancellationWorkflows';

export interface CancelRequest {
  /** Whoever asks again under the same id gets the same cancellation. */
  requestId: string;
  reservationId: string;
  userId: string;
}

export interface CancelDependencies {
  reservations: ReservationStore;
  cancellations: CancellationStore;
  workflows: CancellationWorkflows;
}

/** The path of a cancellation to its workflow: what is refused anyway never reaches it. */
export function createCancelReservation({ reservations, cancellations, workflows }: CancelDependencies) {
  /** @throws {Problem} reservation-not-found, not-cancellable */
  return async function cancelReservation(request: CancelRequest): Promise<RecordedCancellation> {
    const { requestId, reservationId, userId } = request;
    await findOwnReservation(reservations, userId, reservationId);
    const facts = await cancellations.facts(reservationId);
    if (!facts) throw reservationNotFound();
    const { reason } = cancellationTerms(facts, 'CUSTOMER', new Date());
    // Read after the facts: where those tell of this very request's cancellation, it is found here.
    const earlier = await cancellations.find(reservationId);
    if (earlier?.requestId === requestId) return earlier;
    if (reason !== null) throw notCancellable(reason);

    await workflows.cancel({ reservationId, cause: 'CUSTOMER', requestId });
    const cancelled = await cancellations.find(reservationId);
    if (!cancelled) throw new Error(`reservation ${reservationId} is cancelled without a record`);
    return cancelled;
  };
}
