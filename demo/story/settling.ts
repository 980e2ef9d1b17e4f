import { paidSchema, paymentSchema, settlingSchema } from '../../src/api/payments/schema';
import { heldReservationSchema } from '../../src/api/reservations/schema';
import { payCall } from './payments';
import { arrive } from './people';
import { freeSeat, holdCall, readSeatMap } from './seats';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** How long the gateway cannot report the outcome of the charge. */
const SILENCE_MS = 6_000;
/** The workflow asks with pauses of 1, 2 and 4 s. The gateway responds to each request within 2 s. */
const KNOWN_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 500;

/** A payment whose outcome is unknown for a while. */
export async function tellSettling(service: Service, teller: Teller, scheduleId: string): Promise<void> {
  teller.chapter('A payment with an unknown outcome');
  const dora = await arrive(service, 'Dora');
  const seatId = freeSeat(await readSeatMap(service, scheduleId));
  const { reservationId } = await service.ask(holdCall(dora, [seatId]), {
    status: 201,
    body: heldReservationSchema,
    show: ({ seats: _seats, ...rest }) => rest,
  });

  teller.say(
    'The gateway charges her card and never responds. For some seconds it does not even answer look-ups. Holdfast does not\n' +
      'guess: she gets 202, the seat stays hers, and the workflow keeps asking.',
  );
  const paying = payCall(dora, reservationId, {
    points: 0,
    paymentKey: `sandbox:late-look-up:${SILENCE_MS}`,
  });
  const { paymentId } = await service.ask(paying, { status: 202, body: settlingSchema });

  teller.say('She does not wait and pays again. It is the same attempt: the gateway charges her card once.');
  const again = await service.send(payCall(dora, reservationId, { points: 0 }));
  teller.exchange(again);
  const { data } = (again.status === 202 ? settlingSchema : paidSchema).safeParse(again.body);
  if (data?.paymentId !== paymentId) throw new StoryFailure('the second payment was another attempt');

  const until = Date.now() + KNOWN_WITHIN_MS;
  const look = { method: 'GET', path: `/v1/payments/${paymentId}`, by: dora } as const;
  for (;;) {
    const answer = await service.send(look);
    expectStatus(answer, 200);
    const { status } = paymentSchema.parse(answer.body);
    if (status === 'SUCCEEDED') break;
    if (status !== 'SETTLING' || Date.now() > until) throw new StoryFailure(`the payment is ${status}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  teller.say('The gateway responds again: the payment succeeded.');
  await service.ask(look, { status: 200, body: paymentSchema });
}
