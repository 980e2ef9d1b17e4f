import type { Logger } from '../../config/logging';

export interface SeatNotices {
  /** Says that a schedule's seat map has changed. Resolves also where Redis is down. */
  bumpSeatVersion: (scheduleId: string) => Promise<unknown>;
  logger: Logger;
}

/**
 * Tells Redis about seats whose change Postgres has committed: the claim, and the map's version. A Redis that is down
 * costs speed, never a reservation: the failure is logged and the work goes on. Claims and map correct themselves
 * within seconds.
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
