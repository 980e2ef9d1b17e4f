import type { ServiceClock } from '../../db/serviceClock';
import type { HoldNames, HoldStore } from '../../db/reservations/holdStore';
import type { Stores } from '../../db/stores';
import type { SeatDirectory } from './seatDirectory';
import type { SeatWish } from '../../domain/reservations/bestAvailable/choose';
import type { HeldReservation } from '../../domain/reservations/hold';
import { assertSaleOpen, seatUnavailable } from '../../domain/reservations/holdRules';
import { Problem } from '../../domain/problems';
import type { SeatClaim } from '../../redis/reservations/seatClaim';
import { validationFailed } from '../http/validation';
import type { Once } from '../http/effects';
import { hasOutcome, type RepeatableAnswer } from '../idempotency/idempotency';
import type { AdmissionService } from '../queue/admission';
import { findHold } from './grantHold';
import type { HoldAttempt, HoldClaimedSeats } from './holdClaimedSeats';
import type { HoldBest } from './holdBest';
import { presentHeld } from './presenter';
import type { ReservationWorkflows } from './reservationWorkflows';
import type { HeldReservationView } from './schema';

/** Seats by name, or the best available of a schedule. */
export type WantedSeats = { seatIds: readonly string[] } | (SeatWish & { scheduleId: string });

export interface HoldSeatsRequest {
  once: Once;
  /** Whether the client sent an `Idempotency-Key`. */
  hasKey: boolean;
  userId: string;
  wanted: WantedSeats;
  queueToken: string | undefined;
  /** The client's network. */
  network: string;
}

/** The seats that an admitted client asks for, and the room that has admitted it. */
type Admitted = { scheduleId: string; room: string } & ({ seatIds: string[] } | { wish: SeatWish });

export interface HeldAnswer extends RepeatableAnswer {
  status: 201;
  headers: { Location: string };
  body: HeldReservationView;
}

export interface HoldSeatsDependencies {
  directory: SeatDirectory;
  admission: Pick<AdmissionService, 'requireAdmission'>;
  seatClaim: SeatClaim;
  holds: Pick<HoldStore, 'readHoldFacts'>;
  workflows: Pick<ReservationWorkflows, 'cancel'>;
  holdClaimedSeats: HoldClaimedSeats;
  holdBest: HoldBest;
  clock: Pick<ServiceClock, 'now'>;
}

/**
 * The path of a hold, with the cheapest refusals first: tokens, the times of the sale, the claim in Redis, one read in
 * Postgres, the start of the workflow, and the transaction that grants the hold. Most losers of a race never reach
 * Temporal.
 *
 * Under a key, one transaction decides the response together with the hold itself. So the response of a key and the
 * state of its reservation agree, whatever process died in between.
 */
export function createHoldSeats(dependencies: HoldSeatsDependencies) {
  const { directory, admission, seatClaim, holds, workflows, holdClaimedSeats, holdBest, clock } =
    dependencies;

  /** @throws {Problem} any of those of `POST /v1/reservations` */
  return async function holdSeats(request: HoldSeatsRequest): Promise<HeldAnswer> {
    let started: HoldAttempt | null = null;
    try {
      return await request.once<HeldAnswer>(
        async (reservationId, settle) => {
          const admitted = await admit(request);
          const attempt: HoldAttempt = {
            reservationId,
            userId: request.userId,
            room: admitted.room,
            network: request.network,
            settle: async (grant, inOneStatement) => {
              const answer = await settle(
                async (stores) => answerOf(await grant(stores)),
                async (keyWith) => {
                  const held = await inOneStatement((granted) => keyWith(answerOf(granted)));
                  return held && answerOf(held);
                },
              );
              return answer.body;
            },
            run: null,
          };
          started = attempt;
          return answerOf(await hold(attempt, admitted));
        },
        { recall },
      );
    } catch (error) {
      if (started) await endUnused(started, request, error);
      throw error;
    }
  };

  /** Lets a request through if its client is admitted to a sale that is open. */
  async function admit(request: HoldSeatsRequest): Promise<Admitted> {
    const { wanted } = request;
    if ('scheduleId' in wanted) {
      const { scheduleId, ...wish } = wanted;
      const unknown = new Problem('schedule-not-found', 'There is no such schedule.');
      return { scheduleId, room: await roomFor(scheduleId, request, unknown), wish };
    }
    const seatIds = wanted.seatIds.toSorted();
    const scheduleId = await scheduleOf(seatIds);
    const unknown = new Problem('seat-not-found', 'No such seat.', { seatIds });
    return { scheduleId, room: await roomFor(scheduleId, request, unknown), seatIds };
  }

  async function hold(attempt: HoldAttempt, admitted: Admitted): Promise<HeldReservation> {
    const { scheduleId } = admitted;
    if ('wish' in admitted) return holdBest(attempt, scheduleId, admitted.wish);
    const { seatIds } = admitted;
    const taken = await seatClaim.claim(scheduleId, seatIds, attempt.reservationId);
    if (taken.length > 0) throw seatUnavailable(await allTaken(taken, { ...attempt, scheduleId, seatIds }));
    return holdClaimedSeats(attempt, scheduleId, seatIds);
  }

  /**
   * Redis may know only some of the seats that are taken. Postgres knows the others. If it does not respond, the refusal
   * is certain all the same.
   */
  async function allTaken(
    known: readonly string[],
    wanted: HoldNames & { seatIds: readonly string[] },
  ): Promise<string[]> {
    const { seatIds } = wanted;
    if (known.length === seatIds.length) return seatIds.slice();
    const facts = await holds.readHoldFacts(wanted, 'read').catch(() => null);
    const inPostgres = (facts?.seats ?? []).filter((seat) => seat.blocked || seat.takenBy !== null);
    const taken = new Set([...known, ...inPostgres.map(({ seatId }) => seatId)]);
    return seatIds.filter((seatId) => taken.has(seatId));
  }

  /** Ends the workflow that this request has started, if nothing came of it. */
  async function endUnused(
    attempt: HoldAttempt,
    { hasKey }: HoldSeatsRequest,
    error: unknown,
  ): Promise<void> {
    const { reservationId, run } = attempt;
    // A run that was found belongs to another request under the same key.
    if (!run?.isNew) return;
    if (hasOutcome(error)) void workflows.cancel(reservationId, run.runId);
    // Nothing may stay held after a 503 that the client cannot repeat.
    else if (!hasKey) await workflows.cancel(reservationId, run.runId);
  }

  /** The room that has admitted the client. */
  async function roomFor(
    scheduleId: string,
    { queueToken: token, userId }: HoldSeatsRequest,
    unknown: Problem,
  ): Promise<string> {
    const schedule = await directory.schedule(scheduleId);
    if (!schedule) throw unknown;
    const { room } = await admission.requireAdmission({ token, userId, schedule });
    assertSaleOpen(schedule, clock.now());
    return room;
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

/** Returns what an earlier request under the same key was granted, whatever happened to it since. */
async function recall(reservationId: string, stores: Stores): Promise<HeldAnswer | null> {
  const held = await findHold(stores, reservationId);
  return held && answerOf(held);
}

function answerOf(held: HeldReservation): HeldAnswer {
  return {
    status: 201,
    headers: { Location: `/v1/reservations/${held.reservationId}` },
    body: presentHeld(held),
  };
}
