import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../src/config/repository';
import type { Client } from '../generator/client';
import { OPERATOR_PASSWORD } from './stack';

/** The price of every seat. */
export const PRICE = 1_000;
/** The most that an operator may allow: enough for the purchases of a customer in one run. */
const MAX_SEATS_PER_USER = 100;
const HOUR_MS = 60 * 60 * 1_000;
const SEATS_IN_ROW = 50;

export interface Schedule {
  scheduleId: string;
  /** In the order of the map. */
  seatIds: string[];
}

export interface ScheduleWishes {
  plan: Plan;
  bookingFee?: number;
  maxSeatsPerUser?: number;
  waitingRoom?: { admitPerSecond: number; maxActive: number };
}

const planSchema = z.looseObject({ categories: z.array(z.looseObject({ name: z.string() })) });
export type Plan = z.infer<typeof planSchema>;

/** The demo arena: 15,000 seats in a realistic shape. */
export async function arena(): Promise<Plan> {
  const text = await readFile(path.join(repositoryRoot(), 'demo/plans/arena.json'), 'utf8');
  return planSchema.parse(JSON.parse(text));
}

/** A plain hall of any size, in rows. */
export function hall(seats: number): Plan {
  const rows = Math.ceil(seats / SEATS_IN_ROW);
  const row = (index: number) => ({
    row_number: String(index + 1),
    position: { x: 0, y: index * 34 },
    seats: Array.from({ length: Math.min(SEATS_IN_ROW, seats - index * SEATS_IN_ROW) }, (_, seat) => ({
      seat_guid: `${index + 1}-${seat + 1}`,
      seat_number: String(seat + 1),
      position: { x: seat * 20, y: 0 },
      category: 'R',
    })),
  });
  return {
    name: `Hall of ${seats}`,
    size: { width: SEATS_IN_ROW * 20, height: rows * 34 },
    categories: [{ name: 'R', color: '#cf4446' }],
    zones: [
      {
        name: '1F',
        zone_id: '1F',
        position: { x: 0, y: 0 },
        rows: Array.from({ length: rows }, (_, index) => row(index)),
      },
    ],
  };
}

/** Puts a schedule on sale, as an operator does. */
export async function openSchedule(client: Client, wishes: ScheduleWishes): Promise<Schedule> {
  const { plan, bookingFee = 0, maxSeatsPerUser = MAX_SEATS_PER_USER, waitingRoom } = wishes;
  const { accessToken: token } = await client.call(
    { method: 'POST', path: '/v1/auth/login', body: { id: 'operator', password: OPERATOR_PASSWORD } },
    200,
    z.object({ accessToken: z.string() }),
  );
  const create = <Schema extends z.ZodType>(where: string, body: object, answer: Schema) =>
    client.call({ method: 'POST', path: where, token, body }, 201, answer);
  const { venueId } = await create(
    '/v1/admin/venues',
    { name: 'Venue', plan },
    z.object({ venueId: z.string() }),
  );
  const { concertId } = await create(
    '/v1/admin/concerts',
    { title: 'Benchmark', artist: 'Nobody' },
    z.object({ concertId: z.string() }),
  );
  const prices = Object.fromEntries(plan.categories.map(({ name }) => [name, PRICE]));
  const times = { startsAt: inHours(480), saleOpensAt: inHours(-1), saleClosesAt: inHours(470) };
  const { scheduleId } = await create(
    `/v1/admin/concerts/${concertId}/schedules`,
    { venueId, ...times, prices, bookingFee, maxSeatsPerUser, ...(waitingRoom && { waitingRoom }) },
    z.object({ scheduleId: z.string() }),
  );
  const map = await client.call(
    { method: 'GET', path: `/v1/schedules/${scheduleId}/seats` },
    200,
    z.object({ seats: z.array(z.object({ seatId: z.string() })) }),
  );
  return { scheduleId, seatIds: map.seats.map(({ seatId }) => seatId) };
}

const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();
