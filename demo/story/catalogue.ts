import { z } from 'zod';
import { concertSummarySchema, scheduleSchema, seatMapSchema } from '../../src/api/catalogue/schema';
import { seatMapCall } from './seats';
import type { Exchange } from './exchange';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

const concertPage = z.object({ items: z.array(concertSummarySchema) });
const schedulePage = z.object({ items: z.array(scheduleSchema) });
type Schedule = z.output<typeof scheduleSchema>;

/** Other buyers may buy between two reads of the map, and then the map has another version. */
const READS = 5;

/**
 * Flow 2 of the diagrams: concerts, schedules and seats.
 *
 * @returns the largest schedule on sale that has no waiting room of its own: the arena of the demo catalogue
 */
export async function tellCatalogue(service: Service, teller: Teller): Promise<string> {
  teller.chapter('Looking at concerts and seats');

  teller.say('Concerts are public and come from the cache.');
  const concerts = await service.ask(
    { method: 'GET', path: '/v1/concerts' },
    { status: 200, body: concertPage },
  );
  const onSale = concerts.items.filter((concert) => concert.saleStatus === 'OPEN');
  const largest = await findLargest(
    service,
    onSale.map((concert) => concert.concertId),
  );

  teller.say('The concert in the largest hall, with its schedules.');
  await service.ask(
    { method: 'GET', path: `/v1/concerts/${largest.concertId}/schedules` },
    { status: 200, body: schedulePage },
  );

  const { scheduleId, seatsTotal } = largest.schedule;
  teller.say(`Its seat map: ${seatsTotal} seats with price, grade and status, and an ETag.`);
  const etag = await readAgain(service, teller, scheduleId);
  if (etag === null) throw new StoryFailure(`the seat map changed between ${READS} pairs of reads`);
  return scheduleId;
}

/** Reads the map, and reads it again with its ETag, until no seat changed in between. */
async function readAgain(service: Service, teller: Teller, scheduleId: string): Promise<string | null> {
  for (let read = 1; read <= READS; read += 1) {
    const first = await service.send(seatMapCall(scheduleId));
    const etag = first.headers.get('etag');
    if (etag === null) throw new StoryFailure('the seat map has no ETag');
    const again = await service.send({ ...seatMapCall(scheduleId), headers: { 'If-None-Match': etag } });
    if (again.status !== 304) continue;
    expectStatus(first, 200);
    teller.exchange(first, overview(first));
    teller.say('A client that already has this map gets 304 and no body, until a seat changes.');
    teller.exchange(again);
    return etag;
  }
  return null;
}

function overview({ body }: Exchange): unknown {
  const { seats, ...rest } = seatMapSchema.parse(body);
  return { ...rest, seats };
}

async function findLargest(
  service: Service,
  concertIds: readonly string[],
): Promise<{ concertId: string; schedule: Schedule }> {
  const found: { concertId: string; schedule: Schedule }[] = [];
  for (const concertId of concertIds) {
    const answer = await service.send({ method: 'GET', path: `/v1/concerts/${concertId}/schedules` });
    expectStatus(answer, 200);
    const { items } = schedulePage.parse(answer.body);
    found.push(...items.map((schedule) => ({ concertId, schedule })));
  }
  const [largest] = found
    .filter(({ schedule }) => schedule.saleStatus === 'OPEN' && schedule.waitingRoom === null)
    .toSorted((a, b) => b.schedule.seatsTotal - a.schedule.seatsTotal);
  if (!largest) throw new StoryFailure('no schedule is on sale: start the service with DEMO_DATA=true');
  return largest;
}
