import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { z } from 'zod';
import * as contract from '../../e2e/contract';
import { expectAnswer } from '../../e2e/client';
import { BOOKING_FEE } from '../../e2e/sale';
import { command, pick, type ModelCommand } from '../command';
import {
  applyEnd,
  applyHold,
  heldReservations,
  usable,
  type Buyer,
  type Model,
  type Reservation,
  type Seat,
} from '../model';
import { priceOf, totalOf } from '../money';
import { expectOutcome, inWords } from '../outcome';
import { bestOutcome, freeSeats, holdOutcome, releaseOutcome } from '../rules';
import { releaseHold, send, userOf, type World } from '../world';
import type { Reply } from '../../e2e/reply';

/** The statuses that a choice of the best seats uses may be this old. */
const STATUSES_MS = 450;

export const index = fc.nat({ max: 999 });

/** The user of a request. Null, and so mostly: the owner of the reservation. */
export const anyUser = fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: index });

/** Mostly a few seats side by side, as buyers want them. */
export const someSeats = fc.oneof(
  { weight: 3, arbitrary: fc.record({ first: fc.nat({ max: 7 }), count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ first: fc.nat({ max: 7 }), count: fc.integer({ min: 3, max: 5 }) }) },
);
export type SomeSeats = { first: number; count: number };

export function seatsAt({ seats }: Pick<Model, 'seats'>, { first, count }: SomeSeats): Seat[] {
  const from = Math.min(first, seats.length - count);
  return seats.slice(from, from + count);
}

export const names = (seats: readonly Seat[]): string => seats.map(({ name }) => name).join('+');

/** Checks a 201, and adds the reservation to the model. */
export function takeHold(
  model: Model,
  owner: Buyer,
  reply: Reply,
  wanted: readonly Seat[] | null,
): Reservation {
  const held = expectAnswer(reply, 201, contract.hold);
  const seats = model.seats.filter(({ seatId }) => held.seats.some((one) => one.seatId === seatId));
  if (wanted) expect(names(seats)).toBe(names(wanted));
  expect(held.seats).toHaveLength(seats.length);
  expect(held.amount).toEqual({
    tickets: priceOf(seats),
    bookingFee: seats.length * BOOKING_FEE,
    total: totalOf(seats),
    currency: 'KRW',
  });
  const { reservationId, expiresAt } = held;
  return applyHold(model, owner, { reservationId, seats, expiresAt });
}

export const holdSeats = fc
  .record({ buyer: index, wanted: someSeats })
  .map(({ buyer: chosen, wanted }): ModelCommand =>
    command({
      name: `hold(${chosen}, ${JSON.stringify(wanted)})`,
      async play(model, world) {
        const buyer = pick(model.buyers, chosen);
        const seats = seatsAt(model, wanted);
        const outcome = holdOutcome(model, buyer, seats);
        const ids = seats.map(({ seatId }) => seatId);
        const reply = await send(world, async (key) => userOf(world, buyer).hold(ids, { key }));
        expectOutcome(reply, outcome);
        if (outcome.status === 201) takeHold(model, buyer, reply, seats);
        if (outcome.problem === 'seat-unavailable') expectGone(reply, seats);
        return `${buyer.name} holds ${names(seats)}: ${inWords(outcome)}`;
      },
    }),
  );

const unavailable = z.looseObject({ unavailableSeatIds: z.array(z.string()) });

/** The problem names each seat that is gone, and no others. */
function expectGone(reply: Reply, seats: readonly Seat[]): void {
  const { unavailableSeatIds: named } = unavailable.parse(reply.body);
  const gone = seats.filter(({ status }) => status !== 'AVAILABLE').map(({ seatId }) => seatId);
  expect(named.toSorted()).toEqual(gone.toSorted());
}

export const holdBest = fc
  .record({
    buyer: index,
    quantity: fc.integer({ min: 1, max: 5 }),
    grade: fc.constantFrom<Seat['grade'] | undefined>(undefined, 'VIP', 'R'),
  })
  .map(({ buyer: chosen, quantity, grade }): ModelCommand =>
    command({
      name: `holdBest(${chosen}, ${quantity}, ${grade ?? 'any'})`,
      async play(model, world) {
        const buyer = pick(model.buyers, chosen);
        const outcome = bestOutcome(model, buyer, { quantity, grade });
        const run = longestRun(freeSeats(model, grade));
        await sleep(STATUSES_MS);
        const reply = await send(world, async (key) => best(world, buyer, { quantity, grade, key }));
        expectOutcome(reply, outcome);
        const begin = `${buyer.name} holds the best ${quantity} of ${grade ?? 'any grade'}`;
        if (outcome.status !== 201) return `${begin}: ${inWords(outcome)}`;
        const { seats } = takeHold(model, buyer, reply, null);
        expectBest(seats, { quantity, grade, run });
        return `${begin}: 201 ${names(seats)}`;
      },
    }),
  );

function expectBest(
  seats: readonly Seat[],
  { quantity, grade, run }: { quantity: number; grade: Seat['grade'] | undefined; run: number },
): void {
  expect(seats).toHaveLength(quantity);
  for (const seat of seats) expect(seat.grade).toBe(grade ?? seat.grade);
  // If that number of free seats lie side by side, the buyer gets seats side by side.
  if (run >= quantity) expect(longestRun(seats)).toBe(quantity);
}

async function best(
  world: World,
  buyer: Buyer,
  { key, ...wish }: { quantity: number; grade: string | undefined; key: string },
): Promise<Reply> {
  const user = userOf(world, buyer);
  const body = { scheduleId: world.sale.scheduleId, queueToken: user.queueToken, ...wish };
  return user.post('/v1/reservations', body, { 'Idempotency-Key': key });
}

/** The length of the longest run of these seats in one row. They are in the order of the plan. */
function longestRun(seats: readonly Seat[]): number {
  let [longest, run] = [0, 0];
  seats.forEach(({ name }, at) => {
    const before = seats[at - 1]?.name;
    const follows = before?.[0] === name[0] && Number(before?.slice(1)) + 1 === Number(name.slice(1));
    run = follows ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}

/** Mostly the owner's own hold. Otherwise any reservation, also that of another user. */
export const release = fc
  .record({ reservation: index, user: anyUser })
  .map(({ reservation: chosen, user: stranger }): ModelCommand =>
    command({
      name: `release(${chosen}, ${stranger})`,
      isPossible: (model) => candidates(model, stranger).length > 0,
      async play(model, world) {
        const reservation = pick(candidates(model, stranger), chosen);
        const buyer = stranger === null ? reservation.owner : pick(model.buyers, stranger);
        const outcome = releaseOutcome(buyer, reservation);
        expectOutcome(await releaseHold(world, buyer, reservation.reservationId), outcome);
        if (outcome.status === 204 && reservation.status === 'HELD') applyEnd(reservation, 'RELEASED');
        return `${buyer.name} releases ${reservation.name}: ${inWords(outcome)}`;
      },
    }),
  );

/** @param user null: the owner, who has a reason to use a hold. Anyone else may try any reservation */
export function candidates(model: Pick<Model, 'reservations'>, user: number | null): Reservation[] {
  return user === null ? heldReservations(model) : usable(model);
}
