import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { newScheduleSchema } from '../../../src/api/catalogue/adminSchema';
import { createCatalogueEditor } from '../../../src/db/catalogue/catalogueEditor';
import { writeHall } from '../../../src/domain/catalogue/seatingPlan/hallText';
import { readHall } from '../../domain/catalogue/seatingPlan/readHall';
import { createUser } from '../../support/factories';
import { logInOperator, type Edge, type Reply } from '../edge';

export const HOUR_MS = 60 * 60 * 1000;

/** A plan of one row with at least two seats. The first has the category VIP, the others have R. */
export function rowPlan(seats: number) {
  return {
    name: 'Row',
    categories: [
      { name: 'VIP', color: '#70f' },
      { name: 'R', color: '#a00' },
    ],
    zones: [
      {
        name: '1층',
        position: { x: 10, y: 20 },
        rows: [
          {
            row_number: 'A',
            position: { x: 1, y: 2 },
            seats: Array.from({ length: seats }, (_, index) => ({
              seat_guid: `A-${index + 1}`,
              seat_number: String(index + 1),
              position: { x: index * 20, y: 0 },
              category: index === 0 ? 'VIP' : 'R',
            })),
          },
        ],
      },
    ],
  };
}

/** A show next week. Its sale opened an hour ago. */
export function aSchedule(venueId: string, more: object = {}) {
  const now = Date.now();
  return {
    venueId,
    startsAt: new Date(now + 7 * 24 * HOUR_MS).toISOString(),
    saleOpensAt: new Date(now - HOUR_MS).toISOString(),
    saleClosesAt: new Date(now + 6 * 24 * HOUR_MS).toISOString(),
    prices: { VIP: 100_000, R: 70_000 },
    ...more,
  };
}

export interface Operator {
  token: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  change(scheduleId: string, body: unknown): Promise<Reply>;
  addVenue(seats: number): Promise<string>;
  addConcert(title?: string, artist?: string): Promise<string>;
  /** @returns the ids of the concert and of the schedule */
  addShow(seats: number, more?: object): Promise<{ concertId: string; scheduleId: string }>;
}

export async function anOperator(edge: Edge): Promise<Operator> {
  const token = await logInOperator(edge);
  const operator: Operator = {
    token,
    post: async (path, body, headers = {}) => edge.call('POST', path, { token, body, headers }),
    change: async (scheduleId, body) =>
      edge.call('PATCH', `/v1/admin/schedules/${scheduleId}`, { token, body }),
    async addVenue(seats) {
      const { body } = await operator.post('/v1/admin/venues', { name: 'Venue', plan: rowPlan(seats) });
      return String(body['venueId']);
    },
    async addConcert(title = 'Concert', artist = 'Artist') {
      const { body } = await operator.post('/v1/admin/concerts', { title, artist });
      return String(body['concertId']);
    },
    async addShow(seats, more = {}) {
      const [venueId, concertId] = await Promise.all([operator.addVenue(seats), operator.addConcert()]);
      const { body } = await operator.post(
        `/v1/admin/concerts/${concertId}/schedules`,
        aSchedule(venueId, more),
      );
      return { concertId, scheduleId: String(body['scheduleId']) };
    },
  };
  return operator;
}

/** Adds a show without the REST API: a login may need Redis, but the catalogue must not need it. */
export async function addShowDirectly(
  db: Knex,
  seats: number,
): Promise<{ concertId: string; scheduleId: string }> {
  const editor = createCatalogueEditor(db);
  const plan = rowPlan(seats);
  const hall = writeHall(plan, readHall(plan).hall);
  const venueId = await editor.addVenue({ name: 'Venue', timeZone: 'Asia/Seoul', hall });
  const concertId = await editor.addConcert({ title: 'Concert', artist: 'Artist', description: '' });
  const draft = newScheduleSchema.parse(aSchedule(venueId));
  return { concertId, scheduleId: await editor.addSchedule(concertId, draft) };
}

/** Gives a seat to a user as the activities of a reservation do, but announces nothing. */
export async function allocate(
  owner: Knex,
  scheduleId: string,
  seatId: string,
  as: 'HELD' | 'SOLD',
): Promise<{ release(): Promise<void> }> {
  const [userId, reservationId] = [await createUser(owner), randomUUID()];
  const now = new Date();
  await owner('reservations').insert({
    id: reservationId,
    user_id: userId,
    schedule_id: scheduleId,
    status: as === 'SOLD' ? 'CONFIRMED' : 'HELD',
    tickets: 1,
    booking_fee: 0,
    currency: 'KRW',
    held_at: now,
    expires_at: now,
  });
  await owner('allocations').insert({
    reservation_id: reservationId,
    seat_id: seatId,
    schedule_id: scheduleId,
    user_id: userId,
    price: 1,
    sold_at: as === 'SOLD' ? now : null,
  });
  return {
    async release() {
      await owner('allocations').where({ reservation_id: reservationId }).update({ released_at: now });
    },
  };
}

export interface SeatMap {
  version: number;
  grades: { grade: string; price: number }[];
  seats: { seatId: string; status: string; grade: string; price: number; zone: string; row: string }[];
}

/** The seat map as the API returns it. The caller checks it against the documented schema if that matters. */
export async function readSeatMap(
  edge: Edge,
  scheduleId: string,
): Promise<SeatMap & { etag: string | null }> {
  const response = await fetch(`${edge.url}/v1/schedules/${scheduleId}/seats`);
  // seats.test.ts tests the schema of the response once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const body = (await response.json()) as SeatMap;
  return { ...body, etag: response.headers.get('ETag') };
}
