import { randomUUID } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import { jwtVerify, type CryptoKey, type KeyObject } from 'jose';
import Koa, { type Context } from 'koa';
import type { Pool, PoolClient } from 'pg';
import { request } from 'undici';
import { z } from 'zod';

/** The fee for each seat. The card pays it, and points pay for the seats. */
const FEE = 2_000;
const HOLD_SECONDS = 300;
const SWEEP_MS = 1_000;
const CHARGE_TIMEOUT_MS = 3_000;

export interface PlainServiceParts {
  pool: Pool;
  key: CryptoKey | KeyObject | Uint8Array;
  gateway: { url: string; secret: string };
}

/**
 * A booking service without durable execution, as a good engineer writes it: one transaction for the hold, one for the
 * payment with the charge in it, and a sweeper for holds that have expired. It has no idempotency keys, no waiting room,
 * no ledger, no unknown charges and no undo. It is here for comparison only.
 */
export function createPlainService({ pool, key, gateway }: PlainServiceParts) {
  const router = new Router();
  router.post('/reservations', async (context) => {
    const userId = await userOf(context);
    const { seatIds } = holdBody.parse(context.request.body);
    const bookingId = randomUUID();
    const isHeld = await inTransaction(pool, async (client) => hold(client, bookingId, userId, seatIds));
    context.status = isHeld ? 201 : 409;
    context.body = { bookingId };
  });
  router.post('/payments', async (context) => {
    const userId = await userOf(context);
    const { bookingId } = paymentBody.parse(context.request.body);
    const tickets = await inTransaction(pool, async (client) => pay(client, bookingId, userId));
    context.status = tickets > 0 ? 200 : 409;
    context.body = { status: tickets > 0 ? 'CONFIRMED' : 'REFUSED', tickets };
  });

  async function userOf(context: Context): Promise<string> {
    const token = context.get('authorization').slice('Bearer '.length);
    const { payload } = await jwtVerify(token, key, { algorithms: ['EdDSA'], audience: 'holdfast-api' });
    return z.uuid().parse(payload.sub);
  }

  async function pay(client: PoolClient, bookingId: string, userId: string): Promise<number> {
    const { rows } = await client.query<{ tickets: number; fee: number }>(
      `SELECT tickets::int, fee::int FROM plain.bookings
       WHERE id = $1 AND user_id = $2 AND status = 'HELD' AND expires_at > now() FOR UPDATE`,
      [bookingId, userId],
    );
    const [booking] = rows;
    if (!booking) return 0;
    const debited = await client.query(
      'UPDATE plain.wallets SET balance = balance - $2 WHERE user_id = $1 AND balance >= $2',
      [userId, booking.tickets],
    );
    if (debited.rowCount === 0) return 0;
    await charge(bookingId, booking.fee);
    const issued = await client.query(
      `INSERT INTO plain.tickets SELECT gen_random_uuid(), id, booking_id FROM plain.seats WHERE booking_id = $1`,
      [bookingId],
    );
    await client.query("UPDATE plain.bookings SET status = 'PAID', paid_at = now() WHERE id = $1", [
      bookingId,
    ]);
    return issued.rowCount ?? 0;
  }

  /** @throws if the card was declined, or the gateway did not respond */
  async function charge(bookingId: string, amount: number): Promise<void> {
    const { statusCode, body } = await request(`${gateway.url}/v1/charges`, {
      method: 'POST',
      headersTimeout: CHARGE_TIMEOUT_MS,
      headers: {
        authorization: `Bearer ${gateway.secret}`,
        'content-type': 'application/json',
        'idempotency-key': bookingId,
      },
      body: JSON.stringify({
        amount,
        currency: 'KRW',
        orderId: bookingId,
        description: 'Two seats',
        paymentKey: 'sandbox:approve',
      }),
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`the gateway returned ${statusCode}`);
  }

  const sweep = setInterval(() => {
    void inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ id: string }>(
        "UPDATE plain.bookings SET status = 'EXPIRED' WHERE status = 'HELD' AND expires_at < now() RETURNING id",
      );
      await client.query('UPDATE plain.seats SET booking_id = NULL WHERE booking_id = ANY($1)', [
        rows.map(({ id }) => id),
      ]);
    });
  }, SWEEP_MS);

  const app = new Koa().use(bodyParser()).use(router.routes());
  return { app, stop: () => clearInterval(sweep) };
}

/** @returns false if a seat is taken */
async function hold(
  client: PoolClient,
  bookingId: string,
  userId: string,
  seatIds: readonly string[],
): Promise<boolean> {
  const { rows } = await client.query<{ price: number }>(
    'SELECT price::int FROM plain.seats WHERE id = ANY($1) AND booking_id IS NULL ORDER BY id FOR UPDATE',
    [seatIds],
  );
  if (rows.length < seatIds.length) return false;
  const tickets = rows.reduce((sum, { price }) => sum + price, 0);
  await client.query(
    `INSERT INTO plain.bookings (id, user_id, status, tickets, fee, expires_at)
     VALUES ($1, $2, 'HELD', $3, $4, now() + make_interval(secs => $5))`,
    [bookingId, userId, tickets, FEE * seatIds.length, HOLD_SECONDS],
  );
  await client.query('UPDATE plain.seats SET booking_id = $1 WHERE id = ANY($2)', [bookingId, seatIds]);
  return true;
}

async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
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

const holdBody = z.object({ seatIds: z.array(z.uuid()).min(1).max(8) });
const paymentBody = z.object({ bookingId: z.uuid() });
