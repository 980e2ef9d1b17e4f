import type { z } from 'zod';
import { seatMapSchema } from '../../src/api/catalogue/schema';
import type { Call, Person } from './exchange';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';

export type SeatMap = z.output<typeof seatMapSchema>;
export type SeatStatus = SeatMap['seats'][number]['status'];

/** The longest time until a change shows (REST contract, Catalogue), with extra time for a slow machine. */
const SHOWS_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 200;

export const seatMapCall = (scheduleId: string): Call => ({
  method: 'GET',
  path: `/v1/schedules/${scheduleId}/seats`,
});

export function holdCall(by: Person, seatIds: readonly string[]): Call {
  return { method: 'POST', path: '/v1/reservations', by, body: { seatIds, queueToken: by.queueToken } };
}

export async function readSeatMap(service: Service, scheduleId: string): Promise<SeatMap> {
  const exchange = await service.send(seatMapCall(scheduleId));
  expectStatus(exchange, 200);
  return seatMapSchema.parse(exchange.body);
}

/** Two free seats side by side in the same row, in the order of the map. */
export function pairOfFreeSeats({ seats }: SeatMap): [string, string] {
  for (const [index, seat] of seats.entries()) {
    const next = seats[index + 1];
    const sameRow = next?.zone === seat.zone && next.row === seat.row;
    if (next && sameRow && seat.status === 'AVAILABLE' && next.status === 'AVAILABLE') {
      return [seat.seatId, next.seatId];
    }
  }
  throw new StoryFailure('no two free seats side by side are left');
}

/** A free seat that is not one of these. */
export function freeSeat({ seats }: SeatMap, others: readonly string[] = []): string {
  const found = seats.find(({ status, seatId }) => status === 'AVAILABLE' && !others.includes(seatId));
  if (!found) throw new StoryFailure('no free seat is left');
  return found.seatId;
}

/** Reads the map until it shows the expected status, and then shows these seats of it. */
export async function showSeats(
  service: Service,
  scheduleId: string,
  seatIds: readonly string[],
  status: SeatStatus,
): Promise<void> {
  const until = Date.now() + SHOWS_WITHIN_MS;
  const isAsExpected = ({ seats }: SeatMap): boolean =>
    seats.filter((seat) => seatIds.includes(seat.seatId)).every((seat) => seat.status === status);
  while (!isAsExpected(await readSeatMap(service, scheduleId))) {
    if (Date.now() > until) throw new StoryFailure(`the seat map does not show ${status} in time`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  await service.ask(seatMapCall(scheduleId), {
    status: 200,
    body: seatMapSchema,
    show: ({ version, seats }) => ({ version, seats: seats.filter((seat) => seatIds.includes(seat.seatId)) }),
  });
}
