import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Pool } from 'undici';
import { z } from 'zod';
import { repositoryRoot } from '../src/launcher/repository';
import { OPERATOR_PASSWORD } from './stack/stack';

/** How a customer's calls are made. */
export interface Shop {
  /** @throws where the answer has another status than `expected` */
  call<Schema extends z.ZodType>(request: Call, expected: number, answer: Schema): Promise<z.infer<Schema>>;
  close(): Promise<void>;
}

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  token?: string;
  body?: unknown;
}

export interface Customer {
  accessToken: string;
  queueToken: string;
}

/** One schedule with a stock of free seats, none of which is handed out twice. */
export interface Sale {
  /** @throws when the hall is sold out */
  nextSeats(count: number): string[];
}

const PRICE = 1_000;
/** What an operator may allow at most: enough for a customer's purchases in one run. */
const MAX_SEATS_PER_USER = 100;
/** Pays for twice as many seats as one customer may have. */
const TOP_UP = MAX_SEATS_PER_USER * PRICE * 2;
const HOUR_MS = 60 * 60 * 1_000;

export function openShop(apiUrl: string): Shop {
  const pool = new Pool(apiUrl);
  return {
    async call({ method, path: where, token, body }, expected, answer) {
      const response = await pool.request({
        method,
        path: where,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.body.text();
      if (response.statusCode !== expected) {
        throw new Error(`${method} ${where} answers ${response.statusCode}: ${text}`);
      }
      return answer.parse(JSON.parse(text));
    },
    close: () => pool.close(),
  };
}

/** Signs people up, logs them in and fills their wallets. */
export async function welcomeCustomers(shop: Shop, count: number): Promise<Customer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const id = `customer-${index}`;
      const password = `the password of ${id}`;
      await shop.call({ method: 'POST', path: '/v1/users', body: { id, password } }, 201, z.unknown());
      const customer = await logIn(shop, id, password);
      await shop.call(
        {
          method: 'POST',
          path: '/v1/wallet/top-ups',
          token: customer.accessToken,
          body: { amount: TOP_UP },
        },
        201,
        z.unknown(),
      );
      return customer;
    }),
  );
}

/** Puts schedules of the demo's arena on sale, one for each booking fee, as an operator does. */
export async function openSales(shop: Shop, bookingFees: readonly number[]): Promise<Sale[]> {
  const { accessToken: token } = await logIn(shop, 'operator', OPERATOR_PASSWORD);
  const create = <Schema extends z.ZodType>(where: string, body: unknown, answer: Schema) =>
    shop.call({ method: 'POST', path: where, token, body }, 201, answer);
  const plan = planSchema.parse(
    JSON.parse(await readFile(path.join(repositoryRoot(), 'demo/plans/arena.json'), 'utf8')),
  );
  const { venueId } = await create(
    '/v1/admin/venues',
    { name: 'Arena', plan },
    z.object({ venueId: z.string() }),
  );
  const { concertId } = await create(
    '/v1/admin/concerts',
    { title: 'Benchmark', artist: 'Nobody' },
    z.object({ concertId: z.string() }),
  );
  const prices = Object.fromEntries(plan.categories.map(({ name }) => [name, PRICE]));
  const times = { startsAt: inHours(48), saleOpensAt: inHours(-1), saleClosesAt: inHours(47) };
  return Promise.all(
    bookingFees.map(async (bookingFee) => {
      const { scheduleId } = await create(
        `/v1/admin/concerts/${concertId}/schedules`,
        { venueId, ...times, prices, bookingFee, maxSeatsPerUser: MAX_SEATS_PER_USER },
        z.object({ scheduleId: z.string() }),
      );
      const seatMap = await shop.call(
        { method: 'GET', path: `/v1/schedules/${scheduleId}/seats` },
        200,
        z.object({ seats: z.array(z.object({ seatId: z.string() })) }),
      );
      return saleOf(seatMap.seats.map(({ seatId }) => seatId));
    }),
  );
}

const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();

const planSchema = z.looseObject({ categories: z.array(z.looseObject({ name: z.string() })) });
const loginSchema = z.object({ accessToken: z.string(), queueToken: z.string() });

const logIn = (shop: Shop, id: string, password: string): Promise<Customer> =>
  shop.call({ method: 'POST', path: '/v1/auth/login', body: { id, password } }, 200, loginSchema);

function saleOf(seatIds: readonly string[]): Sale {
  let next = 0;
  return {
    nextSeats(count) {
      const seats = seatIds.slice(next, next + count);
      if (seats.length < count) throw new Error('the arena is sold out: measure for a shorter time');
      next += count;
      return seats;
    },
  };
}
