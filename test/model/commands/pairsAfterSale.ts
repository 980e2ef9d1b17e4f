import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { z } from 'zod';
import { command, pick, type ModelCommand } from '../command';
import { replace, seatsLeft, usable, type Model, type Reservation, type Seat } from '../model';
import { cancellationTerms } from '../money';
import { expectOneOrder, expectOutcome, problem, success } from '../outcome';
import { notCancellable } from '../rules';
import { userOf } from '../world';
import { codeOf, figuresOf, scan, takeCancellation } from './afterSale';
import { index, takeHold } from './holds';
import { takePayment } from './payments';

/** Paid reservations of which every seat that is left may be cancelled. */
function cancellable(model: Pick<Model, 'reservations'>): Reservation[] {
  return usable(model).filter(
    ({ status, tickets }) =>
      status === 'CONFIRMED' && [...tickets.values()].every((ticket) => ticket.status !== 'USED'),
  );
}

export const cancelTwice = index.map((chosen): ModelCommand =>
  command({
    name: `cancelTwice(${chosen})`,
    isPossible: (model) => cancellable(model).length > 0,
    async play(model, world) {
      const reservation = pick(cancellable(model), chosen);
      const { owner, reservationId, name } = reservation;
      const request = async () => userOf(world, owner).cancel(reservationId, { key: randomUUID() });
      const [one, other] = await Promise.all([request(), request()]);
      const refused = notCancellable('already-cancelled');
      const order = expectOneOrder(
        [one, other],
        [
          [success(200), refused],
          [refused, success(200)],
        ],
      );
      takeCancellation(reservation, null, order === 0 ? one : other);
      return `${owner.name} cancels ${name} twice at once: legal`;
    },
  }),
);

/** Two requests for different seats. Both succeed, and the first one gets points back first. */
export const cancelTwoSeats = index.map((chosen): ModelCommand =>
  command({
    name: `cancelTwoSeats(${chosen})`,
    isPossible: (model) => ofTwoSeats(model).length > 0,
    async play(model, world) {
      const reservation = pick(ofTwoSeats(model), chosen);
      const { owner, reservationId, name } = reservation;
      const requests = await Promise.all(
        seatsLeft(reservation)
          .slice(0, 2)
          .map(async (seat) => {
            const request = { key: randomUUID(), seatIds: [seat.seatId] };
            return { seat, reply: await userOf(world, owner).cancel(reservationId, request) };
          }),
      );
      for (const { reply } of requests) expectOutcome(reply, success(200));
      const isFirst = ({ seat, reply }: (typeof requests)[number]) =>
        isCancelledFirst(reservation, seat, reply.body);
      for (const { seat, reply } of requests.toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a))))
        takeCancellation(reservation, [seat], reply);
      return `${owner.name} cancels two seats of ${name} at once: legal`;
    },
  }),
);

function ofTwoSeats(model: Pick<Model, 'reservations'>): Reservation[] {
  return cancellable(model).filter((one) => seatsLeft(one).length >= 2);
}

const cancelled = z.looseObject({ status: z.string(), refund: z.unknown() });

/** Whether a response has the figures, and the status, of a cancellation before the other one. */
function isCancelledFirst(reservation: Reservation, seat: Seat, body: unknown): boolean {
  const { status, refund } = cancelled.parse(body);
  const first = figuresOf(cancellationTerms(reservation, [seat]));
  return status === 'CONFIRMED' && JSON.stringify(refund) === JSON.stringify(first.refund);
}

/**
 * If the cancellation comes first, the owner buys the seat once more with the points that came back, and the gate
 * scans the new ticket.
 */
export const cancelBesideCheckIn = index.map((chosen): ModelCommand =>
  command({
    name: `cancelBesideCheckIn(${chosen})`,
    isPossible: (model) => ofOneSeat(model).length > 0,
    async play(model, world) {
      let reservation = pick(ofOneSeat(model), chosen);
      const { owner, reservationId, name, seats } = reservation;
      const seat = pick(seats, 0);
      const user = userOf(world, owner);
      const code = await codeOf(world, reservation, seat);
      const [reply, scanned] = await Promise.all([user.cancel(reservationId), scan(world, code)]);
      const order = expectOneOrder(
        [reply, scanned],
        [
          [notCancellable('ticket-used'), success(200)],
          [success(200), problem(410, 'ticket-void')],
        ],
      );
      if (order === 1) {
        takeCancellation(reservation, null, reply);
        const { points } = reservation.cancelled;
        const again = await user.hold([seat.seatId]);
        reservation = replace(model, reservation, () => takeHold(model, owner, again, seats));
        takePayment(reservation, points, await user.pay(reservation.reservationId, { points }));
        expectOutcome(await scan(world, await codeOf(world, reservation, seat)), success(200));
      }
      useTicket(reservation, seat);
      return `${owner.name} cancels ${name} while the gate scans it: legal`;
    },
  }),
);

function ofOneSeat(model: Pick<Model, 'reservations'>): Reservation[] {
  return cancellable(model).filter(({ seats }) => seats.length === 1);
}

/** Two gates scan one ticket: it admits once. */
export const checkInTwice = fc
  .record({ reservation: index, seat: index })
  .map(({ reservation: chosen, seat: place }): ModelCommand =>
    command({
      name: `checkInTwice(${chosen}, ${place})`,
      isPossible: (model) => cancellable(model).length > 0,
      async play(model, world) {
        const reservation = pick(cancellable(model), chosen);
        const seat = pick(seatsLeft(reservation), place);
        const code = await codeOf(world, reservation, seat);
        const replies = await Promise.all([scan(world, code), scan(world, code)]);
        const refused = problem(409, 'ticket-already-used');
        expectOneOrder(replies, [
          [success(200), refused],
          [refused, success(200)],
        ]);
        useTicket(reservation, seat);
        return `two gates scan ${seat.name} of ${reservation.name} at once: legal`;
      },
    }),
  );

function useTicket({ tickets }: Reservation, seat: Seat): void {
  const ticket = tickets.get(seat);
  if (ticket) ticket.status = 'USED';
}
