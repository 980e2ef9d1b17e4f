import { z } from 'zod';
import {
  heldReservationSchema,
  reservationSchema,
  type HeldReservationView,
} from '../../src/api/reservations/schema';
import { releaseCall } from './holds';
import { payCall } from './payments';
import { arrive } from './people';
import { freeSeat, holdCall, readSeatMap } from './seats';
import type { Person } from './exchange';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** A requirement: a hold is freed within 5 s after its end. */
const FREED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 200;

/** @param service a service whose holds are short enough to wait for */
export async function tellExpiry(service: Service, teller: Teller, scheduleId: string): Promise<void> {
  const [hana, yuna] = [await arrive(service, 'Hana'), await arrive(service, 'Yuna')];
  const seatId = freeSeat(await readSeatMap(service, scheduleId));

  teller.say('Hana holds a seat and then does not pay. A timer in the workflow waits with us.');
  const held = await service.ask(holdCall(hana, [seatId]), { status: 201, body: heldReservationSchema });
  await teller.countdown('The hold ends in', Date.parse(held.expiresAt));
  await untilExpired(service, hana, held);
  await service.ask(readCall(hana, held), { status: 200, body: reservationSchema });

  teller.say('Hana pays too late: the API rejects the payment and charges nothing.');
  await service.refuse(payCall(hana, held.reservationId), 410, 'reservation-expired');

  teller.say('The seat is free again. Yuna holds it, and releases it for the next run of this demo.');
  const next = await service.ask(holdCall(yuna, [seatId]), { status: 201, body: heldReservationSchema });
  await service.ask(releaseCall({ by: yuna, reservation: next }), { status: 204, body: z.undefined() });
}

async function untilExpired(service: Service, by: Person, held: HeldReservationView): Promise<void> {
  const until = Date.parse(held.expiresAt) + FREED_WITHIN_MS;
  for (;;) {
    const answer = await service.send(readCall(by, held));
    expectStatus(answer, 200);
    if (reservationSchema.parse(answer.body).status === 'EXPIRED') return;
    if (Date.now() > until) throw new StoryFailure('the hold was not freed within 5 s after its end');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function readCall(by: Person, { reservationId }: HeldReservationView) {
  return { method: 'GET', path: `/v1/reservations/${reservationId}`, by } as const;
}
