import { z } from 'zod';
import { heldReservationSchema, type HeldReservationView } from '../../src/api/reservations/schema';
import { arrive } from './people';
import { freeSeat, holdCall, pairOfFreeSeats, readSeatMap, showSeats } from './seats';
import type { Person } from './exchange';
import { expectProblem, expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** A hold that waits for its payment. */
export interface OpenHold {
  by: Person;
  reservation: HeldReservationView;
}

/**
 * Flow 3 of the diagrams: holds, a lost race, an early release, the best seats that are left, and a queue token that
 * has ended.
 *
 * @returns Mina's hold of two seats, and one of a single seat
 */
export async function tellHolds(
  service: Service,
  teller: Teller,
  mina: Person,
  scheduleId: string,
): Promise<[OpenHold, OpenHold]> {
  teller.chapter('Holding seats');

  const seatIds = pairOfFreeSeats(await readSeatMap(service, scheduleId));
  teller.say('Mina holds two seats side by side: she gets both or none. `expiresAt` is the end of the hold.');
  const reservation = await service.ask(holdCall(mina, seatIds), {
    status: 201,
    body: heldReservationSchema,
  });

  teller.say('Every user sees at once that these seats are taken. Here are the two seats of the map.');
  await showSeats(service, scheduleId, seatIds, 'HELD');

  const jun = await arrive(service, 'Jun');
  const race = await tellRace(service, teller, [mina, jun], scheduleId);
  const single = await tellRelease(service, teller, race);
  await tellBestSeats(service, teller, scheduleId);
  await tellEndedPlace(service, teller, scheduleId);
  return [{ by: mina, reservation }, single];
}

interface Race {
  seatId: string;
  winner: OpenHold;
  loser: Person;
}

async function tellRace(
  service: Service,
  teller: Teller,
  racers: readonly [Person, Person],
  scheduleId: string,
): Promise<Race> {
  const seatId = freeSeat(await readSeatMap(service, scheduleId));
  teller.say(
    'Mina and Jun ask for the same seat at the same moment. One gets it; the other gets 409 at once.',
  );
  const runs = await Promise.all(
    racers.map(async (by) => ({ by, answer: await service.send(holdCall(by, [seatId])) })),
  );
  for (const { answer } of runs) teller.exchange(answer);
  const [first, second] = runs.toSorted((a, b) => a.answer.status - b.answer.status);
  if (!first || !second) throw new StoryFailure('the race had no end');
  expectStatus(first.answer, 201);
  expectProblem(second.answer, 409, 'seat-unavailable');
  const reservation = heldReservationSchema.parse(first.answer.body);
  return { seatId, winner: { by: first.by, reservation }, loser: second.by };
}

async function tellRelease(
  service: Service,
  teller: Teller,
  { seatId, winner, loser }: Race,
): Promise<OpenHold> {
  teller.say(`${winner.by.name} changes their mind and releases the seat early.`);
  await service.ask(releaseCall(winner), { status: 204, body: z.undefined() });
  teller.say(`The seat is free again. Now ${loser.name} holds it.`);
  const reservation = await service.ask(holdCall(loser, [seatId]), {
    status: 201,
    body: heldReservationSchema,
  });
  return { by: loser, reservation };
}

async function tellBestSeats(service: Service, teller: Teller, scheduleId: string): Promise<void> {
  const nari = await arrive(service, 'Nari');
  teller.say(
    'Nari lets the service choose: the best two seats together that are left. The service chooses and holds them in one\n' +
      'step, even if many users ask at once.',
  );
  const body = { scheduleId, quantity: 2, queueToken: nari.queueToken };
  await service.ask(
    { method: 'POST', path: '/v1/reservations', by: nari, body },
    { status: 201, body: heldReservationSchema },
  );
}

async function tellEndedPlace(service: Service, teller: Teller, scheduleId: string): Promise<void> {
  const sora = await arrive(service, 'Sora');
  teller.say('Sora logs out. This ends the place in the queue, so the API rejects its token.');
  await service.ask(
    { method: 'POST', path: '/v1/auth/logout', by: sora },
    { status: 204, body: z.undefined() },
  );
  const seatId = freeSeat(await readSeatMap(service, scheduleId));
  await service.refuse(holdCall(sora, [seatId]), 410, 'queue-token-expired');
}

export function releaseCall({ by, reservation }: OpenHold) {
  return { method: 'DELETE', path: `/v1/reservations/${reservation.reservationId}`, by } as const;
}
