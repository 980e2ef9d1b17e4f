import type { SeatDirectory } from '../../db/seatDirectory';
import { assertSaleOpen, seatUnavailable } from '../../domain/holdRules';
import type { SeatWish } from '../../domain/bestAvailable/choose';
import { Problem } from '../../domain/problems';
import type { SeatClaim } from '../../redis/seatClaim';
import type { HeldReservation } from '../../workflows/messages';
import { validationFailed } from '../http/validation';
import type { AdmissionService } from '../queue/admission';
import type { HoldClaimed, HoldRequest } from './holdClaimed';
import type { HoldBest } from './holdBest';

/** Seats by name, or the best available of a schedule. */
export type WantedSeats = { seatIds: readonly string[] } | (SeatWish & { scheduleId: string });

export interface PlaceHoldRequest extends HoldRequest {
  wanted: WantedSeats;
  queueToken: string | undefined;
}

export interface PlaceHoldDependencies {
  directory: SeatDirectory;
  admission: AdmissionService;
  seatClaim: SeatClaim;
  holdClaimed: HoldClaimed;
  holdBest: HoldBest;
}

/**
 * The path of a hold, cheapest refusal first: tokens, the sale's times, the claim in Redis, one read in
 * Postgres, and only then a workflow. A loser of a race never reaches Temporal.
 */
export function createPlaceHold(dependencies: PlaceHoldDependencies) {
  const { directory, admission, seatClaim, holdClaimed, holdBest } = dependencies;

  /** @throws {Problem} any of those of `POST /v1/reservations` */
  return async function placeHold({ wanted, ...request }: PlaceHoldRequest): Promise<HeldReservation> {
    if ('scheduleId' in wanted) {
      const { scheduleId, ...wish } = wanted;
      const unknown = new Problem('schedule-not-found', 'There is no such schedule.');
      await assertMayHold(scheduleId, request, unknown);
      return holdBest(request, scheduleId, wish);
    }
    const seatIds = wanted.seatIds.toSorted();
    const scheduleId = await scheduleOf(seatIds);
    await assertMayHold(scheduleId, request, new Problem('seat-not-found', 'No such seat.', { seatIds }));
    const taken = await seatClaim.claim(scheduleId, seatIds, request.reservationId);
    if (taken.length > 0) throw seatUnavailable(taken);
    return holdClaimed(request, scheduleId, seatIds);
  };

  async function assertMayHold(
    scheduleId: string,
    { queueToken: token, userId }: Omit<PlaceHoldRequest, 'wanted'>,
    unknown: Problem,
  ): Promise<void> {
    const schedule = await directory.schedule(scheduleId);
    if (!schedule) throw unknown;
    await admission.requireAdmission({ token, userId, schedule });
    assertSaleOpen(schedule, new Date());
  }

  async function scheduleOf(seatIds: readonly string[]): Promise<string> {
    const schedules = await directory.schedulesOf(seatIds);
    const unknown = seatIds.filter((seatId) => !schedules.has(seatId));
    if (unknown.length > 0) throw new Problem('seat-not-found', 'No such seat.', { seatIds: unknown });
    const [scheduleId, another] = new Set(schedules.values());
    if (scheduleId === undefined || another !== undefined) {
      throw validationFailed([{ path: 'seatIds', message: 'All seats must be of one schedule' }]);
    }
    return scheduleId;
  }
}
