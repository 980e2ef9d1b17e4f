import type { z } from 'zod';
import * as contract from './contract';
import { expectAnswer, type Client, type User } from './client';

export const PRICES = { VIP: 150_000, R: 50_000 };
export const BOOKING_FEE = 2_000;
/** The cheapest seat with its booking fee. */
export const R_TOTAL = PRICES.R + BOOKING_FEE;

export interface SaleOptions {
  /** Seats of grade R, in one row. */
  seats?: number;
  /** Seats of grade VIP, in the row before it. */
  vipSeats?: number;
  maxSeatsPerUser?: number;
  waitingRoom?: { admitPerSecond: number; maxActive: number };
  saleOpensAt?: Date;
  saleClosesAt?: Date;
}

export interface Sale {
  venueId: string;
  concertId: string;
  scheduleId: string;
  /** The seats of grade R, in the order of the row. */
  seatIds: string[];
  vipSeatIds: string[];
}

/** A plan in the format of pretix, with the optional fields that its editor writes. */
export function aPlan({ seats = 4, vipSeats = 0 }: Pick<SaleOptions, 'seats' | 'vipSeats'> = {}) {
  return {
    name: 'Small stage',
    size: { width: 600, height: 200 },
    categories: [
      { name: 'VIP', color: '#7b3fa0' },
      { name: 'R', color: '#cf4446' },
    ],
    zones: [
      {
        name: 'Floor',
        zone_id: 'floor',
        position: { x: 20, y: 60 },
        rows: [...(vipSeats > 0 ? [aRow('A', 'VIP', vipSeats)] : []), aRow('B', 'R', seats)],
        areas: [
          {
            shape: 'rectangle',
            uuid: 'stage',
            position: { x: 0, y: -40 },
            rectangle: { width: 200, height: 20 },
            color: '#dddddd',
            text: { text: 'STAGE', color: '#333333', size: 16, position: { x: 0, y: 0 } },
          },
        ],
      },
    ],
  };
}

/** The body of a new schedule. Its sale opened a minute ago and closes tomorrow. */
export function aSchedule(venueId: string, options: SaleOptions = {}) {
  const { maxSeatsPerUser, waitingRoom, vipSeats = 0 } = options;
  return {
    venueId,
    startsAt: fromNow(48 * 3_600_000),
    saleOpensAt: (options.saleOpensAt ?? new Date(Date.now() - 60_000)).toISOString(),
    saleClosesAt: (options.saleClosesAt ?? new Date(Date.now() + 24 * 3_600_000)).toISOString(),
    prices: vipSeats > 0 ? PRICES : { R: PRICES.R },
    ...(maxSeatsPerUser === undefined ? {} : { maxSeatsPerUser }),
    ...(waitingRoom === undefined ? {} : { waitingRoom }),
  };
}

/** Creates a venue, a concert and a schedule for one test through the API for operators. */
export async function openSale(operator: User, options: SaleOptions = {}): Promise<Sale> {
  const [venue, concert] = await Promise.all([
    operator.post('/v1/admin/venues', { name: 'Small hall', plan: aPlan(options) }),
    operator.post('/v1/admin/concerts', { title: 'First night', artist: 'The Holdouts' }),
  ]);
  const { venueId } = expectAnswer(venue, 201, contract.venue);
  const { concertId } = expectAnswer(concert, 201, contract.newConcert);
  const schedule = await operator.post(
    `/v1/admin/concerts/${concertId}/schedules`,
    aSchedule(venueId, options),
  );
  const { scheduleId } = expectAnswer(schedule, 201, contract.operatorsSchedule);
  const { seats } = await readSeatMap(operator, scheduleId);
  const idsOf = (grade: string) => seats.filter((seat) => seat.grade === grade).map((seat) => seat.seatId);
  return { venueId, concertId, scheduleId, seatIds: idsOf('R'), vipSeatIds: idsOf('VIP') };
}

export async function readSeatMap(
  client: Pick<Client, 'call'>,
  scheduleId: string,
): Promise<contract.SeatMap> {
  return expectAnswer(await client.call('GET', `/v1/schedules/${scheduleId}/seats`), 200, contract.seatMap);
}

/** The public status of a seat, or undefined if the schedule has no such seat. */
export async function seatStatus(
  client: Pick<Client, 'call'>,
  scheduleId: string,
  seatId: string | undefined,
): Promise<contract.SeatMap['seats'][number]['status'] | undefined> {
  const { seats } = await readSeatMap(client, scheduleId);
  return seats.find((seat) => seat.seatId === seatId)?.status;
}

/** Holds seats that must be available. */
export async function expectHold(
  user: User,
  seatIds: readonly string[],
): Promise<z.output<typeof contract.hold>> {
  return expectAnswer(await user.hold(seatIds), 201, contract.hold);
}

export function fromNow(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString();
}

function aRow(number: string, category: string, count: number) {
  return {
    row_number: number,
    row_number_position: 'both',
    uuid: `row-${number}`,
    position: { x: 0, y: number === 'A' ? 0 : 34 },
    seats: Array.from({ length: count }, (_, index) => ({
      seat_guid: `${number}-${index + 1}`,
      seat_number: String(index + 1),
      uuid: `seat-${number}-${index + 1}`,
      category,
      radius: 8,
      position: { x: index * 20, y: 0 },
    })),
  };
}
