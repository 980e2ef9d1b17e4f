import type { HoldStore } from '../../db/holdStore';
import type { SeatDirectory } from '../../db/seatDirectory';
import { assertHoldable, assertSaleOpen, seatUnavailable } from '../../domain/holdRules';
import { Problem } from '../../domain/problems';
import type { ReservedSeat } from '../../domain/seat';
import type { SeatClaim } from '../../redis/seatClaim';
import type { HeldReservation, ReservationInput } from '../../workflows/messages';
import { validationFailed } from '../http/validation';
import type { AdmissionService } from '../queue/admission';
import type { ReservationWorkflows } from './reservationWorkflows';

export interface HoldRequest {
  reservationId: string;
  userId: string;
  seatIds: readonly string[];
  queueToken: string | undefined;
  /** The request can be repeated under its key, so that a hold of unknown outcome is worth keeping. */
  repeatable: boolean;
}

export interface PlaceHoldDependencies {
  settings: { HOLD_SECONDS: number; SETTLE_SECONDS: number };
  directory: SeatDirectory;
  admission: AdmissionService;
  seatClaim: SeatClaim;
  holds: HoldStore;
  workflows: ReservationWorkflows;
}

/**
 * The path of a hold, cheapest refusal first: tokens, the sale's times, the claim in Redis, one read in
 * Postgres, and only then a workflow. A loser of a race never reaches Temporal.
 */
export function createPlaceHold(dependencies: PlaceHoldDependencies) {
  const { settings, directory, admission, seatClaim, holds, workflows } = dependencies;

  /** @throws {Problem} any of those of `POST /v1/reservations` */
  return async function placeHold(request: HoldRequest): Promise<HeldReservation> {
    const { reservationId, userId, queueToken } = request;
    const seatIds = request.seatIds.toSorted();
    const scheduleId = await scheduleOf(seatIds);
    const schedule = await directory.schedule(scheduleId);
    if (!schedule) throw new Problem('seat-not-found', 'No such seat.', { seatIds });
    await admission.requireAdmission({ token: queueToken, userId, schedule });
    assertSaleOpen(schedule, new Date());

    const taken = await seatClaim.claim(scheduleId, seatIds, reservationId);
    if (taken.length > 0) throw seatUnavailable(taken);
    const unclaim = () => seatClaim.release(scheduleId, seatIds, reservationId).catch(() => undefined);

    const { HOLD_SECONDS: holdSeconds, SETTLE_SECONDS: settleSeconds } = settings;
    const input = { reservationId, userId, scheduleId, seatIds, holdSeconds, settleSeconds };
    const seats = await checkInPostgres(input).catch(async (error: unknown) => {
      await unclaim();
      throw error;
    });
    try {
      return await workflows.hold(input, summaryOf(seats));
    } catch (error) {
      if (error instanceof Problem) await unclaim();
      // Nothing may stay held after a 503 that the client cannot repeat.
      else if (!request.repeatable) await workflows.abandon(reservationId);
      throw error;
    }
  };

  /** After a loss of Redis the claim knows nothing: this read turns away whom the claim would have. */
  async function checkInPostgres(input: ReservationInput): Promise<readonly ReservedSeat[]> {
    const facts = await holds.readHoldFacts(input, 'look');
    if (!facts) throw new Problem('seat-not-found', 'No such seat.', { seatIds: input.seatIds });
    assertHoldable(facts, input.seatIds, new Date());
    return facts.seats;
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

/** Such as "2 seats: 1F A row 3 seat 11, 1F A row 3 seat 12". */
function summaryOf(seats: readonly ReservedSeat[]): string {
  const names = seats.map(({ zone, row, number }) => `${zone} row ${row} seat ${number}`);
  return `${seats.length === 1 ? '1 seat' : `${seats.length} seats`}: ${names.join(', ')}`;
}
