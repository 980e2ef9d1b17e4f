import type { ReservationStore } from '../../db/reservations/reservationStore';
import { Problem } from '../../domain/problems';
import { isOpen, type ReservationStatus } from '../../domain/reservations/reservationStates';
import { findOwnReservation } from './findOwn';
import type { HoldLimits } from './holdLimits';
import type { ReservationWorkflows } from './reservationWorkflows';

export interface ReleaseHoldDependencies {
  reservations: ReservationStore;
  workflows: Pick<ReservationWorkflows, 'release' | 'adopt'>;
  limits: Pick<HoldLimits, 'released'>;
}

export interface ReleaseRequest {
  userId: string;
  reservationId: string;
  /** The client's network. */
  network: string;
}

/** Releases a hold early, through its workflow. A reservation that has ended without a sale stays as it is. */
export function createReleaseHold({ reservations, workflows, limits }: ReleaseHoldDependencies) {
  /** @throws {Problem} reservation-not-found, reservation-not-releasable */
  return async function releaseHold(request: ReleaseRequest): Promise<void> {
    if (!isOpen(await statusOf(request))) return;
    await release(request);
    await count(request);
  };

  async function release(request: ReleaseRequest): Promise<void> {
    const { userId, reservationId } = request;
    if (await workflows.release(reservationId)) return;
    // A payment or the timer may have ended the workflow while the release was on its way.
    if (!isOpen(await statusOf(request))) return;
    // The workflow was terminated. A new one releases the hold.
    await workflows.adopt(await findOwnReservation(reservations, userId, reservationId));
    await workflows.release(reservationId);
  }

  /** A hold that was released counts less than one that has run to its end. */
  async function count({ userId, reservationId, network }: ReleaseRequest): Promise<void> {
    const { status, endedAt, ...hold } = await findOwnReservation(reservations, userId, reservationId);
    if (status !== 'RELEASED' || !endedAt) return;
    const seats = (await reservations.seatsOf([reservationId])).get(reservationId) ?? [];
    await limits.released(network, { ...hold, endedAt, seats });
  }

  async function statusOf({ userId, reservationId }: ReleaseRequest): Promise<ReservationStatus> {
    const { status } = await findOwnReservation(reservations, userId, reservationId);
    if (status !== 'CONFIRMED') return status;
    throw new Problem('reservation-not-releasable', 'The reservation is CONFIRMED.');
  }
}
