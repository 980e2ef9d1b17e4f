import { z } from 'zod';
import { cancelledSchema, previewSchema } from '../../src/api/cancellations/schema';
import { concertSummarySchema, scheduleSchema } from '../../src/api/catalogue/schema';
import { paidSchema } from '../../src/api/payments/schema';
import { heldReservationSchema } from '../../src/api/reservations/schema';
import { walletSchema } from '../../src/api/ledger/schema';
import { DEMO_CONCERTS } from '../../src/demo/catalogue';
import { payCall } from './payments';
import { arrive } from './people';
import { freeSeat, holdCall, readSeatMap, showSeats } from './seats';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

const concertPage = z.object({ items: z.array(concertSummarySchema) });
const schedulePage = z.object({ items: z.array(scheduleSchema) });

/** A user cancels after the sale, at a venue that keeps a fee. */
export async function tellCancellation(service: Service, teller: Teller, otherwise: string): Promise<void> {
  teller.chapter('A change of mind');
  const eun = await arrive(service, 'Eun');
  const scheduleId = (await findShowWithFee(service)) ?? otherwise;
  const seatId = freeSeat(await readSeatMap(service, scheduleId));
  const held = await service.send(holdCall(eun, [seatId]));
  expectStatus(held, 201);
  const { reservationId, amount } = heldReservationSchema.parse(held.body);
  const points = Math.floor(amount.tickets / 2);
  const bought = await service.send({
    method: 'POST',
    path: '/v1/wallet/top-ups',
    by: eun,
    body: { amount: points },
  });
  expectStatus(bought, 201);

  teller.say('Eun buys a ticket. She pays half with points and half by card.');
  await service.ask(payCall(eun, reservationId, { points }), { status: 200, body: paidSchema });

  teller.say('What would a cancellation cost? The reservation keeps the policy from the time of its hold.');
  const path = `/v1/reservations/${reservationId}/cancellation`;
  const preview = await service.ask(
    { method: 'GET', path, by: eun },
    { status: 200, body: previewSchema, show: ({ policy: _policy, ...figures }) => figures },
  );

  teller.say(
    'She cancels and gets the same figures. The refund goes to her points first, then to her card. The seat is free again.',
  );
  const cancelled = await service.ask(
    { method: 'POST', path, by: eun, body: {} },
    { status: 200, body: cancelledSchema },
  );
  if (cancelled.fee !== preview.fee || cancelled.refund.total !== preview.refund.total) {
    throw new StoryFailure('the cancellation had other figures than its preview');
  }
  const { balance } = await service.ask(
    { method: 'GET', path: '/v1/wallet', by: eun },
    { status: 200, body: walletSchema },
  );
  if (balance !== preview.refund.points) throw new StoryFailure('the points are not back');
  await showSeats(service, scheduleId, [seatId], 'AVAILABLE');
}

/** A show of the demo catalogue whose policy keeps a fee from the first day. */
async function findShowWithFee(service: Service): Promise<string | undefined> {
  const title = DEMO_CONCERTS.find((concert) => concert.cancellationPolicy)?.title;
  const concerts = await service.send({ method: 'GET', path: '/v1/concerts' });
  expectStatus(concerts, 200);
  const concert = concertPage.parse(concerts.body).items.find((item) => item.title === title);
  if (!concert) return undefined;
  const schedules = await service.send({
    method: 'GET',
    path: `/v1/concerts/${concert.concertId}/schedules`,
  });
  expectStatus(schedules, 200);
  return schedulePage.parse(schedules.body).items.find(({ saleStatus }) => saleStatus === 'OPEN')?.scheduleId;
}
