import { inTransaction, type Stores } from '../../db/stores';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reservation } from '../../db/reservations/reservationStore';
import { Problem } from '../../domain/problems';
import { seatsChanged } from '../../redis/catalogue/seatsChanged';
import type { ReservationState } from '../../contract/reservations';
import type { ActivityDependencies } from '../dependencies';
import { withCard } from '../payments/payments';

export type EndHoldInput = { reservationId: string } & (
  | { status: 'RELEASED' }
  /** `expiresAt`: milliseconds since 1970, for a hold without a row. If there is a row, its time applies. */
  | { status: 'EXPIRED'; expiresAt: number }
);

export interface EndedHold {
  /**
   * The status of the reservation now. REFUSED: no hold was granted, and none will be. HELD: it is too early to expire.
   * CONFIRMED: it was paid, but its workflow did not get the response.
   */
  status: ReservationState['status'];
  /** The time left of a hold that is too early to expire, by Postgres's clock; else 0. */
  millisecondsLeft: number;
  /** Failed attempts whose charge may still exist. */
  toGiveBack: string[];
}

/** Two clocks of one machine differ by less than this. The activity waits for the difference. */
const SHORT_WAIT_MS = 2_000;

export function createReservationActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * Ends a hold that was not paid and puts its seats back on sale. Does nothing if no hold was granted.
     *
     * @throws {Problem} payment-in-progress if an attempt to pay is open
     */
    async endHold(input: EndHoldInput): Promise<EndedHold> {
      const ended = await endHold(dependencies, input);
      if (ended.status !== 'HELD' || ended.millisecondsLeft > SHORT_WAIT_MS) return ended;
      await sleep(ended.millisecondsLeft);
      return endHold(dependencies, input);
    },
  };
}

async function endHold(dependencies: ActivityDependencies, input: EndHoldInput): Promise<EndedHold> {
  const { reservationId, status } = input;
  const { db, seatClaim } = dependencies;
  const { ended, freed } = await inTransaction(db, async (stores) => {
    const found = await lock(stores, reservationId);
    const { reservation, now } = found;
    const left = millisecondsLeft(input, found);
    if (!reservation || left > 0) return unchanged(left > 0 ? 'HELD' : 'REFUSED', left);
    const { payments } = stores;
    // An open payment has taken points. The caller must close it first.
    if (await payments.findOpen(reservationId)) {
      throw new Problem('payment-in-progress', 'A payment of this reservation is under way.');
    }
    const { reservations } = stores;
    const moved = await reservations.move(reservationId, status, now);
    const seatIds = await reservations.releaseSeats(reservationId, now);
    const toGiveBack = withCard(await payments.unsettledOf(reservationId));
    return {
      ended: { status: (moved ?? reservation).status, millisecondsLeft: 0, toGiveBack },
      freed: seatIds.length > 0 ? { scheduleId: reservation.scheduleId, seatIds } : null,
    };
  });
  if (freed) {
    const { scheduleId, seatIds } = freed;
    await seatsChanged(dependencies, scheduleId, () => seatClaim.release(scheduleId, seatIds, reservationId));
  }
  return ended;
}

/**
 * A transaction that grants this hold has the lock of the reservation. After that transaction, the row is there or
 * never comes.
 */
async function lock(stores: Stores, reservationId: string) {
  const { reservations } = stores;
  const found = await reservations.lock(reservationId);
  if (found) return found;
  const now = await stores.holds.lockReservation(reservationId);
  return (await reservations.lock(reservationId)) ?? { reservation: null, now };
}

function millisecondsLeft(
  input: EndHoldInput,
  { reservation, now }: { reservation: Reservation | null; now: Date },
): number {
  if (input.status === 'RELEASED' || (reservation && reservation.status !== 'HELD')) return 0;
  return (reservation?.expiresAt.getTime() ?? input.expiresAt) - now.getTime();
}

function unchanged(status: 'HELD' | 'REFUSED', left: number) {
  const ended: EndedHold = { status, millisecondsLeft: Math.max(0, left), toGiveBack: [] };
  return { ended, freed: null };
}
