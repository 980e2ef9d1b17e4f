import type { ActivityDependencies } from './dependencies';

/**
 * Tells Redis about seats whose change Postgres has committed: the claim first, then the map's version. A
 * Redis that is down costs speed, never a reservation, so its failure is noted and the work goes on; the map
 * heals by its own time to live, the claims by theirs.
 */
export async function seatsChanged(
  dependencies: ActivityDependencies,
  scheduleId: string,
  updateClaim: () => Promise<void>,
): Promise<void> {
  const [claim] = await Promise.allSettled([updateClaim(), dependencies.bumpSeatVersion(scheduleId)]);
  if (claim.status === 'rejected')
    dependencies.logger.warn({ err: claim.reason as unknown, scheduleId }, 'seat claim not updated');
}
