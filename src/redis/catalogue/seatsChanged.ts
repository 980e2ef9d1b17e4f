import type { Logger } from '../../config/logging';

export interface SeatNotices {
  /** Announces that the seat map of a schedule has changed. Also resolves if Redis is down. */
  bumpSeatVersion: (scheduleId: string) => Promise<unknown>;
  logger: Logger;
}

/**
 * Informs Redis about seats whose change Postgres has committed: it updates the claim and the version of the map. If
 * Redis is down, this costs speed, but never a reservation: the failure is logged, and the work continues. The claim
 * and the map correct themselves within seconds.
 */
export async function seatsChanged(
  { bumpSeatVersion, logger }: SeatNotices,
  scheduleId: string,
  updateClaim: () => Promise<void>,
): Promise<void> {
  const [claim] = await Promise.allSettled([updateClaim(), bumpSeatVersion(scheduleId)]);
  if (claim.status === 'rejected')
    logger.warn({ err: claim.reason as unknown, scheduleId }, 'seat claim not updated');
}
