import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { Reply } from '../../e2e/reply';
import { approvingCard } from '../cards';
import { command, pick, type ModelCommand } from '../command';
import {
  addBuyer,
  applyEnd,
  seatsOf,
  heldReservations,
  replace,
  SEAT_LIMIT,
  type Model,
  type Reservation,
} from '../model';
import { expectOneOrder, expectOutcome, problem, success, type Outcome } from '../outcome';
import { freeSeats, holdOutcome } from '../rules';
import { releaseHold, userOf } from '../world';
import { index, names, seatsAt, someSeats, takeHold } from './holds';
import { pointsFor, takePayment, type Points } from './payments';

/*
 * Pairs of requests that are sent at the same time. Their outcomes must be those of one of the two orders. The orders
 * differ, so each command ends with steps that lead to one state: later commands, and the log, depend on the seed only.
 */

/**
 * Two new buyers. The one who wins gets the first name. Both may have as many seats as they ask for: while the API rejects a hold over
 * the limit, other holds of its seats get `seat-unavailable`, although neither order of the two has this outcome.
 */
export const holdTwice = someSeats
  .filter(({ count }) => count <= SEAT_LIMIT)
  .map((wanted): ModelCommand =>
    command({
      name: `holdTwice(${JSON.stringify(wanted)})`,
      async play(model, world) {
        const seats = seatsAt(model, wanted);
        const ids = seats.map(({ seatId }) => seatId);
        const users = await world.service.buyers(2);
        const [winner, loser] = [addBuyer(model), addBuyer(model)];
        const outcome = holdOutcome(model, winner, seats);
        const [one, other] = await Promise.all(
          users.map(async (user) => user.hold(ids, { key: randomUUID() })),
        );
        if (!one || !other) throw new Error('there are two requests');
        const lost = problem(409, 'seat-unavailable');
        const orders = [
          [outcome, outcome.status === 201 ? lost : outcome],
          [outcome.status === 201 ? lost : outcome, outcome],
        ] as const;
        const first = expectOneOrder([one, other], orders);
        const inOrder = first === 0 ? users : users.toReversed();
        for (const [place, buyer] of [winner, loser].entries()) {
          const user = inOrder[place];
          if (user) world.users.set(buyer, user);
        }
        if (outcome.status === 201) takeHold(model, winner, first === 0 ? one : other, seats);
        return `${winner.name} and ${loser.name} hold ${names(seats)} at once: legal`;
      },
    }),
  );

/** A buyer holds the seats that another one releases. If the release comes later, the buyer holds them after it. */
export const holdBesideRelease = fc
  .record({ reservation: index, buyer: index })
  .map(({ reservation: chosen, buyer: by }): ModelCommand =>
    command({
      name: `holdBesideRelease(${chosen}, ${by})`,
      isPossible: (model) => heldReservations(model).length > 0,
      async play(model, world) {
        const reservation = pick(heldReservations(model), chosen);
        const { seats, owner, reservationId } = reservation;
        const buyer = pick(model.buyers, by);
        const ids = seats.map(({ seatId }) => seatId);
        const hold = async () => userOf(world, buyer).hold(ids, { key: randomUUID() });
        const before = holdOutcome(model, buyer, seats);
        const [released, first] = await Promise.all([releaseHold(world, owner, reservationId), hold()]);
        applyEnd(reservation, 'RELEASED');
        const after = holdOutcome(model, buyer, seats);
        const order = expectOneOrder(
          [released, first],
          [
            [success(204), after],
            [success(204), before],
          ],
        );
        const reply = order === 0 ? first : await untilFree(hold, after);
        expectOutcome(reply, after);
        if (after.status === 201) takeHold(model, buyer, reply, seats);
        return `${buyer.name} holds ${names(seats)} while ${owner.name} releases them: legal`;
      },
    }),
  );

/** The first hold may leave the owner that it has seen in Redis, for 2 s. Until then the seat counts as taken. */
const REMEMBERED_MS = 2_500;

async function untilFree(hold: () => Promise<Reply>, outcome: Outcome): Promise<Reply> {
  const deadline = Date.now() + REMEMBERED_MS;
  let reply = await hold();
  while (reply.status !== outcome.status && Date.now() < deadline) {
    await sleep(100);
    reply = await hold();
  }
  return reply;
}

const somePart: fc.Arbitrary<Points> = fc.constantFrom('none', 'half', 'the whole price');

/** If the release comes first, the owner holds and pays the seats once more. */
export const payBesideRelease = fc
  .record({ reservation: index, part: somePart, paymentKey: approvingCard })
  .map(({ reservation: chosen, part, paymentKey }): ModelCommand =>
    command({
      name: `payBesideRelease(${chosen}, ${part}, ${paymentKey})`,
      isPossible: (model) => payable(model, part).length > 0,
      async play(model, world) {
        const reservation = pick(payable(model, part), chosen);
        const { owner, reservationId, seats, name } = reservation;
        const user = userOf(world, owner);
        const points = pointsFor(reservation, part);
        const [paid, released] = await Promise.all([
          user.pay(reservationId, { points, paymentKey, key: randomUUID() }),
          releaseHold(world, owner, reservationId),
        ]);
        const order = expectOneOrder(
          [paid, released],
          [
            [success(200), problem(409, 'reservation-not-releasable')],
            [problem(410, 'reservation-expired'), success(204)],
          ],
        );
        if (order === 0) {
          takePayment(reservation, points, paid);
        } else {
          applyEnd(reservation, 'RELEASED');
          const hold = await user.hold(seats.map(({ seatId }) => seatId));
          const again = replace(model, reservation, () => takeHold(model, owner, hold, seats));
          takePayment(again, points, await user.pay(again.reservationId, { points, paymentKey }));
        }
        return `${owner.name} pays and releases ${name} at once: legal`;
      },
    }),
  );

/** Two payments with two keys: one pays. */
export const payTwice = fc
  .record({ reservation: index, part: somePart, paymentKey: approvingCard })
  .map(({ reservation: chosen, part, paymentKey }): ModelCommand =>
    command({
      name: `payTwice(${chosen}, ${part}, ${paymentKey})`,
      isPossible: (model) => payable(model, part).length > 0,
      async play(model, world) {
        const reservation = pick(payable(model, part), chosen);
        const { owner, reservationId } = reservation;
        const points = pointsFor(reservation, part);
        const request = async () =>
          userOf(world, owner).pay(reservationId, { points, paymentKey, key: randomUUID() });
        const [one, other] = await Promise.all([request(), request()]);
        const done = success(200);
        const order = expectOneOrder(
          [one, other],
          ['payment-in-progress', 'reservation-already-confirmed'].flatMap((slug) => [
            [done, problem(409, slug)] as const,
            [problem(409, slug), done] as const,
          ]),
        );
        takePayment(reservation, points, order % 2 === 0 ? one : other);
        return `${owner.name} pays ${reservation.name} twice at once: legal`;
      },
    }),
  );

/** One buyer holds different seats twice. Together they are more than the limit, so one hold is refused. */
export const holdAtLimit = index.map((chosen): ModelCommand =>
  command({
    name: `holdAtLimit(${chosen})`,
    isPossible: (model) => nearLimit(model).length > 0 && freeSeats(model).length > SEAT_LIMIT,
    async play(model, world) {
      const buyer = pick(nearLimit(model), chosen);
      const user = userOf(world, buyer);
      const count = Math.floor((SEAT_LIMIT - seatsOf(model, buyer).length) / 2) + 1;
      const free = freeSeats(model);
      const sets = [free.slice(0, count), free.slice(count, 2 * count)];
      const [one, other] = await Promise.all(
        sets.map(async (seats) => user.hold(seats.map(({ seatId }) => seatId))),
      );
      if (!one || !other) throw new Error('there are two requests');
      const limit = problem(409, 'seat-limit-exceeded', { limit: SEAT_LIMIT });
      const order = expectOneOrder(
        [one, other],
        [
          [success(201), limit],
          [limit, success(201)],
        ],
      );
      const granted = takeHold(model, buyer, order === 0 ? one : other, sets[order] ?? []);
      expectOutcome(await releaseHold(world, buyer, granted.reservationId), success(204));
      applyEnd(granted, 'RELEASED');
      granted.isRetired = true;
      return `${buyer.name} holds ${sets.map(names).join(' and ')} at once, then releases: legal`;
    },
  }),
);

function nearLimit(model: Pick<Model, 'buyers' | 'reservations' | 'seats'>) {
  return model.buyers.filter((buyer) => seatsOf(model, buyer).length < SEAT_LIMIT);
}

/** The holds whose owner has the points. */
export function payable(model: Pick<Model, 'reservations'>, part: Points): Reservation[] {
  return heldReservations(model).filter((one) => one.owner.balance >= pointsFor(one, part));
}
