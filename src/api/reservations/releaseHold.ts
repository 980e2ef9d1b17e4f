import type { ReservationStore } from '../../db/reservationStore';
import { Problem } from '../../domain/problems';
import { isOpen, type ReservationStatus } from '../../domain/reservationStates';
import { findOwnReservation } from './findOwn';
import type { ReservationWorkflows } from './reservationWorkflows';

export interface ReleaseHoldDependencies {
  reservations: ReservationStore;
  workflows: Pick<ReservationWorkflows, 'release' | 'adopt'>;
}

/** Releases a hold early, through its workflow. A reservation that has ended without a sale stays as it is. */
export function createReleaseHold({ reservations, workflows }: ReleaseHoldDependencies) {
  /** @throws {Problem} reservation-not-found, reservation-not-releasable */
  return async function releaseHold(userId: string, reservationId: string): Promise<void> {
    if (!isOpen(await statusOf(userId, reservationId))) return;
    if (await workflows.release(reservationId)) return;
    // A payment or the timer may have ended the workflow while the release was on its way.
    if (!isOpen(await statusOf(userId, reservationId))) return;
    // The workflow was terminated. A new one releases the hold.
    await workflows.adopt(await findOwnReservation(reservations, userId, reservationId));
    await workflows.release(reservationId);
  };

  async function statusOf(userId: string, reservationId: string): Promise<ReservationStatus> {
    const { status } = await findOwnReservation(reservations, userId, reservationId);
    if (status !== 'CONFIRMED') return status;
    throw new Problem('reservation-not-releasable', 'The reservation is CONFIRMED.');
  }
}
