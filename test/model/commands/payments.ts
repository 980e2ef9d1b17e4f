import * as fc from 'fast-check';
import * as contract from '../../e2e/contract';
import { expectAnswer } from '../../e2e/client';
import type { Reply } from '../../e2e/reply';
import { eventually } from '../../support/eventually';
import { card, cardOf } from '../cards';
import { command, pick, type ModelCommand } from '../command';
import { applyPayment, type Buyer, type Reservation } from '../model';
import { priceOf, split } from '../money';
import { expectOutcome, inWords } from '../outcome';
import { payOutcome, topUpOutcome } from '../rules';
import { creditTopUp, send, signUp, userOf, type World } from '../world';
import { anyUser, candidates, index } from './holds';

/** A charge whose outcome the gateway reports late, and two pauses of the workflow. */
const SETTLED_MS = 20_000;

export type Points = 'the whole price' | 'none' | 'half' | 'too many';

export const somePoints: fc.Arbitrary<Points> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('the whole price') },
  { weight: 3, arbitrary: fc.constant('none') },
  { weight: 3, arbitrary: fc.constant('half') },
  { weight: 1, arbitrary: fc.constant('too many') },
);

export function pointsFor({ seats }: Reservation, points: Points): number {
  const price = priceOf(seats);
  return { 'the whole price': price, none: 0, half: Math.floor(price / 2), 'too many': price + 1 }[points];
}

/** Mostly the owner pays a hold. Otherwise anyone pays anything. */
export const pay = fc
  .record({
    reservation: index,
    payer: anyUser,
    points: somePoints,
    paymentKey: card,
  })
  .map(({ reservation: chosen, payer: stranger, points: part, paymentKey }): ModelCommand =>
    command({
      name: `pay(${chosen}, ${stranger}, ${part}, ${paymentKey})`,
      isPossible: (model) => candidates(model, stranger).length > 0,
      async play(model, world) {
        const reservation = pick(candidates(model, stranger), chosen);
        const payer = stranger === null ? reservation.owner : pick(model.buyers, stranger);
        const points = pointsFor(reservation, part);
        const outcome = payOutcome(payer, reservation, { points, paymentKey });
        // Left out, the points are the whole price.
        const payment = { paymentKey, ...(part !== 'the whole price' && { points }) };
        const reply = await send(
          world,
          async (key) => userOf(world, payer).pay(reservation.reservationId, { key, ...payment }),
          outcome.status === 202 ? [503] : [202, 503],
        );
        expectOutcome(reply, outcome);
        if (outcome.status === 202) await settle(world, payer, reply);
        if (outcome.status < 300) takePayment(reservation, points, (world.latest ?? { reply }).reply);
        return `${payer.name} pays ${reservation.name} with ${part} of the points and ${paymentKey}: ${inWords(outcome)}`;
      },
    }),
  );

/** Waits for the outcome of a payment that was not known at once. The same key then gets the final response. */
async function settle(world: World, payer: Buyer, reply: Reply): Promise<void> {
  const { paymentId } = expectAnswer(reply, 202, contract.settling);
  await eventually(async () => {
    const payment = await userOf(world, payer).get(`/v1/payments/${paymentId}`);
    expect(expectAnswer(payment, 200, contract.payment).status).toBe('SUCCEEDED');
  }, SETTLED_MS);
  const { again } = world.latest ?? {};
  if (again) world.latest = { reply: await again(), again };
}

/** Checks a 200, and sells the seats in the model. */
export function takePayment(reservation: Reservation, points: number, reply: Reply): void {
  const paid = expectAnswer(reply, 200, contract.paid);
  const amount = split(reservation.seats, points);
  expect(paid.amount).toEqual({ ...amount, total: amount.points + amount.card, currency: 'KRW' });
  expect(paid.tickets.map(({ seatId }) => seatId).toSorted()).toEqual(
    reservation.seats.map(({ seatId }) => seatId).toSorted(),
  );
  applyPayment(reservation, amount, paid.tickets);
}

const amounts = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }).map((thousands) => thousands * 1_000) },
  { weight: 1, arbitrary: fc.constantFrom(999, 2_000_001) },
);
const topUpCard = card.filter((key) => cardOf(key).end !== 'paid later');

export const topUp = fc
  .record({ buyer: index, amount: amounts, paymentKey: topUpCard })
  .map(({ buyer: chosen, amount, paymentKey }): ModelCommand =>
    command({
      name: `topUp(${chosen}, ${amount}, ${paymentKey})`,
      async play(model, world) {
        const buyer = pick(model.buyers, chosen);
        const outcome = topUpOutcome(amount, paymentKey);
        const reply = await send(world, async (key) =>
          userOf(world, buyer).topUp(amount, { key, paymentKey }),
        );
        expectOutcome(reply, outcome);
        if (outcome.status === 201) creditTopUp(buyer, reply);
        return `${buyer.name} buys ${amount} points with ${paymentKey}: ${inWords(outcome)}`;
      },
    }),
  );

export const newBuyer = fc.constantFrom(0, 50_000, 150_000).map((points): ModelCommand =>
  command({
    name: `newBuyer(${points})`,
    async play(model, world) {
      const { name } = await signUp(model, world, points);
      return `${name} signs up and buys ${points} points`;
    },
  }),
);

/** The response of a key does not change, whatever has happened since. */
export const repeat = fc.constant(
  command({
    name: 'repeat()',
    play: async (_, { latest }) => {
      // A malformed request leaves its key free.
      if (!latest || latest.reply.status === 400) return 'nothing to repeat';
      expectSame(await latest.again(), latest.reply);
      return `the latest request again, with its key: ${latest.reply.status}`;
    },
  }),
);

function expectSame(again: Reply, { status, text }: Reply): void {
  expect([again.status, again.text]).toEqual([status, text]);
}
