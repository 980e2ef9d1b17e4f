import { randomUUID } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import { Pool, type PoolClient } from 'pg';
import { z } from 'zod';

/**
 * A booking service as a developer in a hurry writes it, on the tables of Holdfast. It is correct for buyers that come
 * one after the other. Its faults are the usual ones:
 *
 * - It checks that a seat is free and that the user may have it. Then it takes the seat, without a lock.
 * - It charges the card before it records the payment, each time with a new key.
 * - It ignores the `Idempotency-Key` of a request.
 * - It reads a balance, subtracts the points, and writes the result.
 */
const settings = z
  .object({ PORT: z.string(), DATABASE_URL: z.string(), GATEWAY_URL: z.string(), GATEWAY_SECRET: z.string() })
  .parse(process.env);
const pool = new Pool({ connectionString: settings.DATABASE_URL, max: 20 });
const router = new Router();

router.post('/v1/reservations', async (context) => {
  const { userId, seatId } = z.object({ userId: z.uuid(), seatId: z.uuid() }).parse(context.request.body);
  const { rows } = await pool.query<{ isFree: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM allocations WHERE seat_id = seats.id AND released_at IS NULL)
        AND (SELECT count(*) < max_seats_per_user FROM allocations
             WHERE user_id = $2 AND schedule_id = schedules.id AND released_at IS NULL) AS "isFree"
     FROM seats JOIN schedules ON schedules.id = schedule_id WHERE seats.id = $1`,
    [seatId, userId],
  );
  if (!rows[0]?.isFree) return refuse(context);
  const reservationId = randomUUID();
  const expiresAt = new Date(Date.now() + 300_000);
  await inTransaction(async (client) => {
    await client.query(
      `INSERT INTO reservations (id, user_id, schedule_id, status, tickets, booking_fee, currency, held_at, expires_at)
       SELECT $1::uuid, $2::uuid, seats.schedule_id, 'HELD', price, booking_fee, 'KRW', now(), $4::timestamptz
       FROM seats JOIN schedules ON schedules.id = seats.schedule_id
       JOIN grades ON grades.schedule_id = seats.schedule_id AND grades.grade = seats.grade WHERE seats.id = $3`,
      [reservationId, userId, seatId, expiresAt],
    );
    await client.query(
      `INSERT INTO allocations (reservation_id, seat_id, schedule_id, user_id, price)
       SELECT id, $2::uuid, schedule_id, user_id, tickets FROM reservations WHERE id = $1`,
      [reservationId, seatId],
    );
  });
  context.status = 201;
  context.body = { reservationId, seatId, expiresAt };
});

router.post('/v1/payments', async (context) => {
  const { reservationId, points } = z
    .object({ reservationId: z.uuid(), points: z.int().positive() })
    .parse(context.request.body);
  const { rows } = await pool.query<Held>(
    `SELECT id AS "reservationId", user_id AS "userId", tickets::int, booking_fee::int AS fee, balance::int
     FROM reservations JOIN wallets USING (user_id) WHERE id = $1 AND status = 'HELD' AND expires_at > now()`,
    [reservationId],
  );
  const [held] = rows;
  if (!held || held.balance < points) return refuse(context);
  const paymentId = randomUUID();
  await charge(reservationId, held.tickets + held.fee - points);
  const seatId = await inTransaction(async (client) => record(client, paymentId, held, points));
  context.status = 200;
  context.body = { paymentId, reservationId, seatId };
});

/** @throws if the card was declined */
async function charge(orderId: string, amount: number): Promise<void> {
  const { status } = await fetch(`${settings.GATEWAY_URL}/v1/charges`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${settings.GATEWAY_SECRET}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': randomUUID(),
    },
    body: JSON.stringify({ amount, currency: 'KRW', orderId, description: 'A seat' }),
  });
  if (status !== 200) throw new Error(`the gateway returned ${status}`);
}

interface Held {
  reservationId: string;
  userId: string;
  tickets: number;
  fee: number;
  balance: number;
}

/** @returns the seat that is sold */
async function record(client: PoolClient, paymentId: string, held: Held, points: number): Promise<string> {
  const { reservationId, userId, tickets, fee } = held;
  const card = tickets + fee - points;
  const balance = held.balance - points;
  await client.query(
    `INSERT INTO payments (id, reservation_id, user_id, status, points, card, currency, gateway, approved_at)
     VALUES ($1, $2, $3, 'SUCCEEDED', $4, $5, 'KRW', 'sandbox', now())`,
    [paymentId, reservationId, userId, points, card],
  );
  await client.query('UPDATE wallets SET balance = $2 WHERE user_id = $1', [userId, balance]);
  const book = async (kind: string, accounts: string[], amounts: number[], wallet: (string | null)[]) =>
    client.query(
      `WITH journal AS (
         INSERT INTO journals (id, key, kind, reservation_id, payment_id)
         VALUES (gen_random_uuid(), $1::text || ':' || $2::uuid, upper(replace($1::text, '-', '_')), $3, $2) RETURNING id)
       INSERT INTO entries (journal_id, account, amount, user_id, currency, balance_after)
       SELECT journal.id, account, amount, user_id, 'KRW', CASE WHEN user_id IS NOT NULL THEN $7::bigint END
       FROM journal, unnest($4::text[], $5::bigint[], $6::uuid[]) AS line (account, amount, user_id)`,
      [kind, paymentId, reservationId, accounts, amounts, wallet, balance],
    );
  await book('points-taken', [`wallet:${userId}`, 'house:pending'], [-points, points], [userId, null]);
  const house = ['house:pending', 'gateway:clearing:sandbox', 'house:revenue', 'house:booking-fees'];
  await book('sale', house, [-points, -card, tickets, fee], []);
  const sold = [reservationId];
  await client.query("UPDATE reservations SET status = 'CONFIRMED', ended_at = now() WHERE id = $1", sold);
  await client.query('UPDATE allocations SET sold_at = now() WHERE reservation_id = $1', sold);
  const { rows } = await client.query<{ seat_id: string }>(
    `INSERT INTO tickets (id, reservation_id, seat_id, user_id, issued_at)
     SELECT gen_random_uuid(), reservation_id, seat_id, user_id, now() FROM allocations WHERE reservation_id = $1
     RETURNING seat_id`,
    sold,
  );
  return rows[0]?.seat_id ?? '';
}

async function inTransaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function refuse(context: Koa.Context): void {
  context.status = 409;
  context.body = {};
}

new Koa().use(bodyParser()).use(router.routes()).listen(Number(settings.PORT), '127.0.0.1');
