import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import * as contract from '../../e2e/contract';
import { expectAnswer, type User } from '../../e2e/client';
import { linesOf } from '../../e2e/clientLines';
import { readSeatMap } from '../../e2e/sale';
import { eventually } from '../../support/eventually';
import { approvingCard } from '../cards';
import { command, pick, type ModelCommand } from '../command';
import { replace, applyEnd, type Buyer, type Model, type Reservation, type Seat } from '../model';
import { expectOutcome, problem } from '../outcome';
import { holdOutcome } from '../rules';
import { SETTLE_SECONDS, userOf, type World } from '../world';
import { index, names, seatsAt, someSeats, takeHold, type SomeSeats } from './holds';
import { pointsFor, takePayment } from './payments';

/** The seats are free within this time after the end of a hold. */
const FREED_MS = 5_000;
/** Close to the end of the hold: a longer time would depend on the speed of the machine. */
const PROMISE_MS = 400;

/** What happens between the hold and its end. None of it moves the end. */
const MEANWHILE = ['nothing', 'a declined card', 'too few points', 'a flush of Redis', 'an outage'] as const;
type Meanwhile = (typeof MEANWHILE)[number];

/** A hold that is not paid. The sequence waits for its end. */
export const letExpire = fc
  .record({ buyer: index, wanted: someSeats, meanwhile: fc.constantFrom<Meanwhile>(...MEANWHILE) })
  .map(({ buyer: chosen, wanted, meanwhile }): ModelCommand =>
    command({
      name: `letExpire(${chosen}, ${JSON.stringify(wanted)}, ${meanwhile})`,
      isPossible: (model) => isFree(model, pick(model.buyers, chosen), wanted),
      async play(model, world) {
        const reservation = await holdShortly(model, world, { chosen, wanted });
        const { owner, expiresAt, reservationId, seats } = reservation;
        await happen(meanwhile, reservation, world);
        const user = userOf(world, owner);
        const end = Date.parse(expiresAt);
        await sleep(Math.max(0, end - PROMISE_MS - Date.now()));
        const promised = await statusesOf(world, seats);
        if (Date.now() < end) expectAll(promised, 'HELD');
        const settleMs = meanwhile === 'an outage' ? SETTLE_SECONDS * 1_000 : 0;
        await untilExpired(user, reservation, end + settleMs + FREED_MS);
        expectAll(await statusesOf(world, seats), 'AVAILABLE');
        applyEnd(reservation, 'EXPIRED');
        expectOutcome(await user.pay(reservationId, { points: 0 }), problem(410, 'reservation-expired'));
        return `${owner.name} lets ${names(seats)} expire after ${meanwhile}: EXPIRED`;
      },
    }),
  );

async function statusesOf({ service, sale }: World, seats: readonly Seat[]): Promise<unknown[]> {
  const map = await readSeatMap(service.client, sale.scheduleId);
  return seats.map(({ seatId }) => map.seats.find((seat) => seat.seatId === seatId)?.status);
}

function expectAll(statuses: readonly unknown[], status: Seat['status']): void {
  expect(statuses).toEqual(statuses.map(() => status));
}

/** The holds of the second API end after some seconds. The tokens of a user are valid at both APIs. */
async function holdShortly(
  model: Model,
  world: World,
  { chosen, wanted }: { chosen: number; wanted: SomeSeats },
): Promise<Reservation> {
  const { client } = world.shortHolds;
  const buyer = pick(model.buyers, chosen);
  const seats = seatsAt(model, wanted);
  const { userId, accessToken, queueToken } = userOf(world, buyer);
  const request = { userId, askedAt: Date.now(), headers: { Authorization: `Bearer ${accessToken}` } };
  const body = { seatIds: seats.map(({ seatId }) => seatId), queueToken };
  const reply = await client.call('POST', '/v1/reservations', { body, headers: request.headers });
  client.lines.push(...linesOf(reply, request));
  return takeHold(model, buyer, reply, seats);
}

function isFree(
  model: Pick<Model, 'seats' | 'buyers' | 'reservations'>,
  buyer: Buyer,
  wanted: SomeSeats,
): boolean {
  return holdOutcome(model, buyer, seatsAt(model, wanted)).status === 201;
}

async function happen(meanwhile: Meanwhile, reservation: Reservation, world: World): Promise<void> {
  const { owner, reservationId, seats } = reservation;
  const user = userOf(world, owner);
  switch (meanwhile) {
    case 'nothing':
      return;
    case 'a flush of Redis':
      await world.service.stack.redis.flushdb();
      return;
    case 'a declined card': {
      const reply = await user.pay(reservationId, { points: 0, paymentKey: 'sandbox:decline' });
      return expectOutcome(reply, problem(500, 'payment-failed', { reason: 'card-declined' }));
    }
    case 'too few points': {
      // Without the points, the response is 402. With them, the card is declined.
      const required = pointsFor(reservation, 'the whole price');
      const reply = await user.pay(reservationId, { paymentKey: 'sandbox:decline' });
      if (owner.balance < required)
        return expectOutcome(
          reply,
          problem(402, 'insufficient-points', { balance: owner.balance, required }),
        );
      return expectOutcome(reply, problem(500, 'payment-failed', { reason: 'card-declined' }));
    }
    case 'an outage': {
      // The gateway cannot report the charge until the service gives up. It refunds the charge later.
      const outage = `sandbox:outage:${(SETTLE_SECONDS + seats.length + 6) * 1_000}`;
      const reply = await user.pay(reservationId, { points: 0, paymentKey: outage });
      expectAnswer(reply, 202, contract.settling);
    }
  }
}

async function untilExpired(user: User, { reservationId }: Reservation, deadline: number): Promise<void> {
  await eventually(
    async () => expect((await user.reservation(reservationId)).status).toBe('EXPIRED'),
    Math.max(0, deadline - Date.now()),
  );
}

/** A payment that is sent around the end of the hold. If the hold ends first, the owner holds and pays once more. */
export const payBesideExpiry = fc
  .record({
    buyer: index,
    wanted: someSeats,
    beforeMs: fc.integer({ min: -50, max: 150 }),
    paymentKey: approvingCard,
  })
  .map(({ buyer: chosen, wanted, beforeMs, paymentKey }): ModelCommand =>
    command({
      name: `payBesideExpiry(${chosen}, ${JSON.stringify(wanted)}, ${beforeMs}, ${paymentKey})`,
      isPossible: (model) => isFree(model, pick(model.buyers, chosen), wanted),
      async play(model, world) {
        const reservation = await holdShortly(model, world, { chosen, wanted });
        const { owner, expiresAt, reservationId, seats } = reservation;
        const user = userOf(world, owner);
        const end = Date.parse(expiresAt);
        await sleep(Math.max(0, end - beforeMs - Date.now()));
        const isLate = Date.now() >= end;
        const reply = await user.pay(reservationId, { points: 0, paymentKey });
        const line = `${owner.name} pays ${names(seats)} around the end of the hold: legal`;
        if (reply.status === 200 && !isLate) {
          takePayment(reservation, 0, reply);
          return line;
        }
        expectOutcome(reply, problem(410, 'reservation-expired'));
        await untilExpired(user, reservation, end + FREED_MS);
        applyEnd(reservation, 'EXPIRED');
        const hold = await user.hold(seats.map(({ seatId }) => seatId));
        const again = replace(model, reservation, () => takeHold(model, owner, hold, seats));
        takePayment(again, 0, await user.pay(again.reservationId, { points: 0, paymentKey }));
        return line;
      },
    }),
  );
