import type { Knex } from 'knex';
import { createPaymentStore } from '../db/paymentStore';
import { createHoldStore } from '../db/holdStore';
import { createReservationStore, type ReservationStore } from '../db/reservationStore';
import { assertHoldable } from '../domain/holdRules';
import { reservationAmount } from '../domain/money';
import { Problem } from '../domain/problems';
import type { ReservationStatus } from '../domain/reservationStates';
import type { ReservedSeat } from '../domain/seat';
import type { HeldReservation } from '../workflows/messages';
import type { ActivityDependencies } from './dependencies';
import { stepOf, type PaymentStep } from './payments';
import { seatsChanged } from './seatsChanged';

/** Times are milliseconds since 1970 by the workflow's clock, so that a retry asks for the same instants. */
export interface RecordHoldInput {
  reservationId: string;
  userId: string;
  scheduleId: string;
  seatIds: string[];
  heldAt: number;
  expiresAt: number;
}

export interface EndHoldInput {
  reservationId: string;
  scheduleId: string;
  status: 'EXPIRED' | 'RELEASED';
  endedAt: number;
}

export interface EndedHold {
  /** CONFIRMED where it was paid and its workflow never heard of it. */
  status: ReservationStatus;
  /** Failed attempts whose charge may still stand. */
  toGiveBack: PaymentStep[];
}

export function createReservationActivities(dependencies: ActivityDependencies) {
  const { db, seatClaim } = dependencies;
  return {
    /**
     * Records a hold of all the seats or none, and locks them until it ends. Run again, it answers with the
     * hold that is recorded, with that hold's times.
     *
     * @throws {Problem} seat-not-found, sale-not-open, seat-unavailable, seat-limit-exceeded
     */
    async recordHold(input: RecordHoldInput): Promise<HeldReservation> {
      const held = await db
        .transaction((transaction) => insertHold(transaction, input))
        .catch(async (error: unknown) => {
          const earlier = await readHold(createReservationStore(db), input.reservationId);
          if (earlier) return earlier;
          throw error;
        });
      await seatsChanged(dependencies, input.scheduleId, () =>
        seatClaim.keepUntil(input.scheduleId, input.seatIds, input.reservationId, new Date(held.expiresAt)),
      );
      return held;
    },

    /**
     * Undoes {@link recordHold} where its outcome is unknown: releases what it recorded, and stands in the way
     * of a recording that comes late.
     */
    async abandonHold(input: RecordHoldInput): Promise<void> {
      await createHoldStore(db).insertReleased(input);
      await endHold(dependencies, { ...input, status: 'RELEASED', endedAt: input.heldAt });
    },

    /**
     * Ends a hold that was not paid and puts its seats back on sale. Does nothing where none was recorded.
     *
     * @throws {Problem} payment-in-progress where an attempt to pay is open
     */
    async endHold(input: EndHoldInput): Promise<EndedHold> {
      return endHold(dependencies, input);
    },
  };
}

async function endHold(dependencies: ActivityDependencies, input: EndHoldInput): Promise<EndedHold> {
  const { reservationId, scheduleId } = input;
  const endedAt = new Date(input.endedAt);
  const { freed, ended } = await dependencies.db.transaction(async (transaction) => {
    const reservations = createReservationStore(transaction);
    const before = await reservations.lock(reservationId);
    const payments = createPaymentStore(transaction);
    // No payment may be left behind with its points taken: it is closed first.
    if (await payments.findOpen(reservationId)) {
      throw new Problem('payment-in-progress', 'A payment of this reservation is under way.');
    }
    const moved = await reservations.move(reservationId, input.status, endedAt);
    const seatIds = await reservations.releaseSeats(reservationId, endedAt);
    const unsettled = await payments.unsettledOf(reservationId);
    const status = (moved ?? before)?.status ?? input.status;
    return {
      freed: seatIds,
      ended: { status, toGiveBack: unsettled.map((payment) => stepOf(payment, scheduleId)) },
    };
  });
  if (freed.length > 0) {
    await seatsChanged(dependencies, scheduleId, () =>
      dependencies.seatClaim.release(scheduleId, freed, reservationId),
    );
  }
  return ended;
}

async function insertHold(transaction: Knex.Transaction, input: RecordHoldInput): Promise<HeldReservation> {
  const holds = createHoldStore(transaction);
  await holds.lockUserOnSchedule(input.userId, input.scheduleId);
  const facts = await holds.readHoldFacts(input, 'keep');
  if (!facts) throw new Problem('seat-not-found', 'No such seat.', { seatIds: input.seatIds });
  const heldAt = new Date(input.heldAt);
  assertHoldable(facts, input.seatIds, heldAt);

  const seats = facts.seats.map(asReservedSeat);
  const amount = reservationAmount(
    seats.map((seat) => seat.price),
    facts.schedule.bookingFee,
  );
  const hold = { ...input, seats, amount, heldAt, expiresAt: new Date(input.expiresAt) };
  // The second run of a hold that was recorded: its own row has the times that count.
  if (!(await holds.insertHold(hold))) throw new Error('this hold is recorded already');
  return {
    reservationId: input.reservationId,
    scheduleId: input.scheduleId,
    seats,
    amount,
    heldAt: hold.heldAt.toISOString(),
    expiresAt: hold.expiresAt.toISOString(),
  };
}

async function readHold(
  reservations: ReservationStore,
  reservationId: string,
): Promise<HeldReservation | null> {
  const reservation = await reservations.find(reservationId);
  if (!reservation) return null;
  const seats = await reservations.seatsOf([reservationId]);
  return {
    reservationId,
    scheduleId: reservation.scheduleId,
    seats: seats.get(reservationId) ?? [],
    amount: reservation.amount,
    heldAt: reservation.heldAt.toISOString(),
    expiresAt: reservation.expiresAt.toISOString(),
  };
}

function asReservedSeat({ seatId, zone, row, number, grade, price }: ReservedSeat): ReservedSeat {
  return { seatId, zone, row, number, grade, price };
}
