import type { Stores } from '../../db/stores';
import type { AnsweredKey } from '../../db/idempotencyStore';
import type { HoldNames, HoldStore } from '../../db/reservations/holdStore';
import { GRANT_WITHIN_MS, type HeldReservation } from '../../domain/reservations/hold';
import { assertHoldable, type HoldFacts } from '../../domain/reservations/holdRules';
import { reservationAmount } from '../../domain/money';
import { Problem } from '../../domain/problems';
import type { ReservedSeat } from '../../domain/reservations/seat';

/** A hold to be granted. Its workflow runs already, with the same times. */
export interface HoldToGrant extends HoldNames {
  /** The name of the waiting room that the client was admitted to. */
  room: string;
  /** Sorted, so that overlapping holds lock rows in the same order. */
  seatIds: readonly string[];
  heldAt: Date;
  expiresAt: Date;
}

/** Too much time has passed since `heldAt`. Nothing was granted, and nothing will be granted with these times. */
export class HoldTooLate extends Error {
  override readonly name = 'HoldTooLate';
}

/**
 * Grants a hold of all the seats or of none. Only this transaction, and {@link grantUnchangedHold} with the same locks,
 * grant holds. The lock of the reservation and the clock of Postgres prevent a late API from granting a hold that the
 * workflow has already looked for.
 *
 * @param stores of a transaction that the caller rolls back if this throws
 * @returns the hold. If the reservation already has a row, this is the hold that is recorded there
 * @throws {Problem} seat-not-found, sale-not-open, seat-unavailable, seat-limit-exceeded
 * @throws {HoldTooLate}
 */
export async function grantHold(stores: Stores, hold: HoldToGrant): Promise<HeldReservation> {
  const { holds } = stores;
  await holds.lock(hold);
  const facts = await holds.readHoldFacts(hold, 'lock');
  if (!facts) throw new Problem('seat-not-found', 'No such seat.', { seatIds: hold.seatIds });
  if (!facts.recorded) {
    const late = facts.now.getTime() - hold.heldAt.getTime() > GRANT_WITHIN_MS || facts.now >= hold.expiresAt;
    if (late) throw new HoldTooLate('the hold was not granted in time');
    assertHoldable(facts, hold.seatIds);
    const priced = { ...hold, ...priceOf(facts) };
    if (await holds.insertHold(priced)) return asHeld(priced, priced.seats);
  }
  const recorded = await findHold(stores, hold.reservationId);
  if (!recorded) throw new Error(`reservation ${hold.reservationId} is neither recorded nor new`);
  return recorded;
}

/**
 * Grants a hold in one statement, with the same locks and conditions, if nothing has changed since `facts` allowed it.
 *
 * @param answerOf the idempotency key of the request with its response
 * @returns null if anything has changed: nothing was granted, and {@link grantHold} decides
 */
export async function grantUnchangedHold(
  holds: Pick<HoldStore, 'grantUnchanged'>,
  hold: HoldToGrant,
  facts: HoldFacts,
  answerOf: (held: HeldReservation) => AnsweredKey,
): Promise<HeldReservation | null> {
  if (facts.recorded) return null;
  const priced = { ...hold, ...priceOf(facts) };
  const deadline = Math.min(
    hold.heldAt.getTime() + GRANT_WITHIN_MS,
    hold.expiresAt.getTime(),
    facts.schedule.saleClosesAt.getTime(),
  );
  const { version, alreadyHeld } = facts;
  const held = asHeld(priced, priced.seats);
  const checked = { ...priced, version, alreadyHeld, deadline: new Date(deadline) };
  return (await holds.grantUnchanged(checked, answerOf(held))) ? held : null;
}

function priceOf({ seats, schedule }: HoldFacts) {
  const prices = seats.map((seat) => seat.price);
  return { seats: seats.map(asReservedSeat), amount: reservationAmount(prices, schedule.bookingFee) };
}

/** Returns the hold that is recorded for a reservation, whatever happened to it since. Null if none is recorded. */
export async function findHold(
  { reservations }: Pick<Stores, 'reservations'>,
  reservationId: string,
): Promise<HeldReservation | null> {
  const reservation = await reservations.find(reservationId);
  if (!reservation) return null;
  const seats = await reservations.seatsOf([reservationId]);
  return asHeld(reservation, seats.get(reservationId) ?? []);
}

function asHeld(
  {
    reservationId,
    scheduleId,
    amount,
    heldAt,
    expiresAt,
  }: Pick<HoldToGrant, 'reservationId' | 'scheduleId' | 'heldAt' | 'expiresAt'> &
    Pick<HeldReservation, 'amount'>,
  seats: ReservedSeat[],
): HeldReservation {
  return {
    reservationId,
    scheduleId,
    seats,
    amount,
    heldAt: heldAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}

function asReservedSeat({ seatId, zone, row, number, grade, price }: ReservedSeat): ReservedSeat {
  return { seatId, zone, row, number, grade, price };
}
