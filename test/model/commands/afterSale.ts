import * as fc from 'fast-check';
import { z } from 'zod';
import * as contract from '../../e2e/contract';
import { expectAnswer } from '../../e2e/client';
import type { Reply } from '../../e2e/reply';
import { command, pick, type ModelCommand } from '../command';
import {
  applyCancellation,
  seatsLeft,
  usable,
  type Buyer,
  type Cancelled,
  type Model,
  type Reservation,
  type Seat,
} from '../model';
import { cancellationTerms } from '../money';
import { expectOutcome, inWords } from '../outcome';
import { cancelOutcome, checkInOutcome } from '../rules';
import { send, userOf, type World } from '../world';
import { anyUser, index, names } from './holds';

const confirmed = (model: Pick<Model, 'reservations'>): Reservation[] =>
  usable(model).filter(({ status }) => status === 'CONFIRMED');

const idsOf = (seats: readonly Seat[]): string[] => seats.map(({ seatId }) => seatId);

/** Mostly the owner cancels what is paid. Otherwise anyone cancels anything. */
export const cancelAll = fc
  .record({ reservation: index, user: anyUser })
  .map(({ reservation: chosen, user: stranger }): ModelCommand =>
    command({
      name: `cancelAll(${chosen}, ${stranger})`,
      isPossible: (model) => (stranger === null ? confirmed(model) : usable(model)).length > 0,
      async play(model, world) {
        const reservation = pick(stranger === null ? confirmed(model) : usable(model), chosen);
        const user = stranger === null ? reservation.owner : pick(model.buyers, stranger);
        const outcome = await cancel(world, user, reservation, null);
        return `${user.name} cancels ${reservation.name}: ${outcome}`;
      },
    }),
  );

/** Seats of a paid reservation: at least one, also seats that were cancelled before. */
export const cancelSome = fc
  .record({ reservation: index, seats: fc.integer({ min: 1, max: 31 }) })
  .map(({ reservation: chosen, seats: mask }): ModelCommand =>
    command({
      name: `cancelSome(${chosen}, ${mask})`,
      isPossible: (model) => confirmed(model).length > 0,
      async play(model, world) {
        const reservation = pick(confirmed(model), chosen);
        const masked = reservation.seats.filter((_, place) => (mask & (1 << place)) > 0);
        const seats = masked.length > 0 ? masked : reservation.seats.slice(0, 1);
        const outcome = await cancel(world, reservation.owner, reservation, seats);
        return `${reservation.owner.name} cancels ${names(seats)} of ${reservation.name}: ${outcome}`;
      },
    }),
  );

/** Previews the cancellation, and makes it. */
async function cancel(
  world: World,
  buyer: Buyer,
  reservation: Reservation,
  seats: readonly Seat[] | null,
): Promise<string> {
  const user = userOf(world, buyer);
  const { reservationId } = reservation;
  const outcome = cancelOutcome(buyer, reservation, seats);
  const named = seats && { seatIds: idsOf(seats) };
  if (buyer === reservation.owner) {
    const preview = await user.cancellation(reservationId, named?.seatIds);
    expect(preview.cancellable).toBe(outcome.status === 200);
    const gone = seats ?? seatsLeft(reservation);
    if (preview.cancellable) expect(preview).toMatchObject(figuresOf(cancellationTerms(reservation, gone)));
  }
  const reply = await send(world, async (key) => user.cancel(reservationId, { key, ...named }));
  expectOutcome(reply, outcome);
  if (outcome.status === 200) takeCancellation(reservation, seats, reply);
  return inWords(outcome);
}

/** Checks a 200, and cancels the seats in the model. */
export function takeCancellation(
  reservation: Reservation,
  seats: readonly Seat[] | null,
  reply: Reply,
): void {
  const gone = seats ?? seatsLeft(reservation);
  const terms = cancellationTerms(reservation, gone);
  applyCancellation(reservation, gone, terms);
  const answer = expectAnswer(reply, 200, contract.cancelled);
  expect(answer).toMatchObject({ status: reservation.status, ...figuresOf(terms) });
  expect(answer.cancelledSeatIds.toSorted()).toEqual(terms.seatIds.toSorted());
}

/** As a response shows them. */
export function figuresOf({ fee, bookingFeeRefund, points, card }: Cancelled) {
  return { fee, bookingFeeRefund, refund: { points, card, total: points + card, currency: 'KRW' } };
}

/** An operator scans the ticket of a seat, which may be used or void. */
export const checkIn = fc
  .record({ reservation: index, seat: index })
  .map(({ reservation: chosen, seat: place }): ModelCommand =>
    command({
      name: `checkIn(${chosen}, ${place})`,
      isPossible: (model) => sold(model).length > 0,
      async play(model, world) {
        const reservation = pick(sold(model), chosen);
        const seat = pick(reservation.seats, place);
        const outcome = checkInOutcome(reservation, seat);
        const reply = await scan(world, await codeOf(world, reservation, seat));
        expectOutcome(reply, outcome);
        const ticket = reservation.tickets.get(seat);
        if (ticket && outcome.status === 200) ticket.status = 'USED';
        return `the gate scans ${seat.name} of ${reservation.name}: ${inWords(outcome)}`;
      },
    }),
  );

const sold = (model: Pick<Model, 'reservations'>): Reservation[] =>
  usable(model).filter(({ tickets }) => tickets.size > 0);

/** The code that a scanner reads from a ticket. */
export async function codeOf(world: World, { owner, tickets }: Reservation, seat: Seat): Promise<string> {
  const ticket = tickets.get(seat);
  const { body } = await userOf(world, owner).get(`/v1/tickets/${ticket?.ticketId}`);
  const { qr, status } = z.looseObject({ qr: z.string(), status: z.string() }).parse(body);
  expect(status).toBe(ticket?.status);
  return qr;
}

export async function scan({ service }: World, qr: string): Promise<Reply> {
  return service.operator.post('/v1/check-ins', { qr });
}
