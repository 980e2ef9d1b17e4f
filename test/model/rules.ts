import { cardOf } from './cards';
import { SEAT_LIMIT, seatsLeft, seatsOf, type Buyer, type Model, type Reservation, type Seat } from './model';
import { priceOf } from './money';
import { problem, success, type Outcome } from './outcome';

/*
 * The REST contract as predictions: the one response that each request gets, by the state of the model. Written from
 * the contract, without code of the service.
 */

export function holdOutcome(model: Model, buyer: Buyer, seats: readonly Seat[]): Outcome {
  if (seats.some(({ status }) => status !== 'AVAILABLE')) return problem(409, 'seat-unavailable');
  return limitOutcome(model, buyer, seats.length);
}

export function bestOutcome(
  model: Model,
  buyer: Buyer,
  { quantity, grade }: { quantity: number; grade: Seat['grade'] | undefined },
): Outcome {
  if (freeSeats(model, grade).length < quantity)
    return problem(409, 'seat-unavailable', { unavailableSeatIds: [] });
  return limitOutcome(model, buyer, quantity);
}

export function freeSeats({ seats }: Model, grade?: Seat['grade']): Seat[] {
  return seats.filter((seat) => seat.status === 'AVAILABLE' && (grade === undefined || seat.grade === grade));
}

function limitOutcome(model: Model, buyer: Buyer, count: number): Outcome {
  const alreadyHeld = seatsOf(model, buyer).length;
  if (alreadyHeld + count <= SEAT_LIMIT) return success(201);
  return problem(409, 'seat-limit-exceeded', { limit: SEAT_LIMIT, alreadyHeld });
}

export function payOutcome(
  payer: Buyer,
  { owner, status, seats, expiresAt }: Reservation,
  { points, paymentKey }: { points: number; paymentKey: string },
): Outcome {
  if (payer !== owner) return notFound;
  if (points > priceOf(seats)) return problem(400, 'validation-failed');
  if (status === 'CONFIRMED') return problem(409, 'reservation-already-confirmed');
  if (status !== 'HELD') return problem(410, 'reservation-expired');
  if (owner.balance < points)
    return problem(402, 'insufficient-points', { balance: owner.balance, required: points });
  const { end, reason } = cardOf(paymentKey);
  if (end === 'refused') return paymentFailed({ reason, expiresAt });
  return success(end === 'paid' ? 200 : 202);
}

export function releaseOutcome(user: Buyer, { owner, status }: Reservation): Outcome {
  if (user !== owner) return notFound;
  return status === 'CONFIRMED' ? problem(409, 'reservation-not-releasable') : success(204);
}

/** @param seats null: all seats that are left */
export function cancelOutcome(user: Buyer, reservation: Reservation, seats: readonly Seat[] | null): Outcome {
  if (user !== reservation.owner) return notFound;
  const { status, tickets } = reservation;
  if (status === 'CANCELLED') return notCancellable('already-cancelled');
  if (status !== 'CONFIRMED') return notCancellable('not-confirmed');
  const states = new Set((seats ?? seatsLeft(reservation)).map((seat) => tickets.get(seat)?.status));
  if (states.has('VOID')) return notCancellable('already-cancelled');
  return states.has('USED') ? notCancellable('ticket-used') : success(200);
}

export function checkInOutcome({ tickets }: Reservation, seat: Seat): Outcome {
  const status = tickets.get(seat)?.status;
  if (status === 'VOID') return problem(410, 'ticket-void');
  return status === 'USED' ? problem(409, 'ticket-already-used') : success(200);
}

/** REST contract, Wallet. */
export function topUpOutcome(amount: number, paymentKey: string): Outcome {
  if (amount < 1_000 || amount > 2_000_000) return problem(400, 'validation-failed');
  const { end, reason } = cardOf(paymentKey);
  return end === 'refused' ? paymentFailed({ reason }) : success(201);
}

export const notCancellable = (reason: string): Outcome => problem(409, 'not-cancellable', { reason });

/** @param members the reason only where the gateway names one */
function paymentFailed({ reason, ...members }: { reason: string | undefined; expiresAt?: string }): Outcome {
  return problem(500, 'payment-failed', reason === undefined ? members : { ...members, reason });
}

const notFound = problem(404, 'reservation-not-found');
