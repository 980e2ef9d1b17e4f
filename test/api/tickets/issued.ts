import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { createUserStore } from '../../../src/db/accounts/userStore';
import { createSale, insertTicket } from '../../support/factories';
import { logIn, type Account, type Edge, type Reply } from '../edge';

/** A ticket after its sale, and calls of its buyer. */
export interface Issued {
  ticketId: string;
  reservationId: string;
  scheduleId: string;
  startsAt: string;
  seatId: string;
  buyer: Account;
  read(path?: string): Promise<Reply>;
  /** The code that its QR contains now. */
  code(): Promise<string>;
  reissue(key?: string): Promise<Reply>;
}

/** A staff account at a gate. */
export interface Staff {
  userId: string;
  login: string;
  checkIn(body: ScanBody, key?: string): Promise<Reply>;
}

export interface ScanBody {
  qr: string;
  gate?: string;
  scheduleId?: string;
  scannedAt?: string;
  deviceId?: string;
}

const HOUR_MS = 60 * 60 * 1000;

/** @param startsInHours the hours until the show starts; check-in is open with the default */
export async function issue(edge: Edge, startsInHours = 1): Promise<Issued> {
  const { owner } = edge.database;
  const [sale, buyer] = await Promise.all([createSale(owner), logIn(edge)]);
  const { scheduleId, seatId } = sale;
  const startsAt = new Date(Date.now() + startsInHours * HOUR_MS);
  await owner('schedules').where({ id: scheduleId }).update({ starts_at: startsAt });
  const reservationId = await sell(owner, { scheduleId, seatId, userId: buyer.userId });
  const ticketId = await insertTicket(owner, { reservationId, userId: buyer.userId, seatId });
  const token = buyer.accessToken;
  const read: Issued['read'] = async (path = '') =>
    edge.call('GET', `/v1/tickets/${ticketId}${path}`, { token });
  return {
    ticketId,
    reservationId,
    scheduleId,
    startsAt: startsAt.toISOString(),
    seatId,
    buyer,
    read,
    code: async () => String((await read()).body['qr']),
    reissue: async (key) =>
      edge.call('POST', `/v1/tickets/${ticketId}/reissue`, { token, headers: idempotencyKey(key) }),
  };
}

export async function hireStaff(edge: Edge): Promise<Staff> {
  const login = `gate-${randomUUID()}`;
  const password = 'staff-password';
  const { accounts } = edge.dependencies;
  const account = await accounts.prepare({ login, password, role: 'STAFF' });
  await accounts.add(createUserStore(edge.database.db), account);
  const { body } = await edge.call('POST', '/v1/auth/login', { body: { id: login, password } });
  const token = String(body['accessToken']);
  return {
    userId: account.userId,
    login,
    checkIn: async (scan, key) =>
      edge.call('POST', '/v1/check-ins', { token, body: scan, headers: idempotencyKey(key) }),
  };
}

/** Writes what a confirmation writes, except the money. */
async function sell(
  owner: Knex,
  sold: { scheduleId: string; seatId: string; userId: string },
): Promise<string> {
  const reservationId = randomUUID();
  const now = new Date();
  await owner('reservations').insert({
    id: reservationId,
    user_id: sold.userId,
    schedule_id: sold.scheduleId,
    status: 'CONFIRMED',
    tickets: 1,
    booking_fee: 0,
    currency: 'KRW',
    held_at: now,
    expires_at: now,
  });
  await owner('allocations').insert({
    reservation_id: reservationId,
    seat_id: sold.seatId,
    schedule_id: sold.scheduleId,
    user_id: sold.userId,
    price: 1,
    sold_at: now,
  });
  return reservationId;
}

function idempotencyKey(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'Idempotency-Key': key };
}
