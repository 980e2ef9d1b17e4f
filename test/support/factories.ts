import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { clearingOf, createLedgerStore } from '../../src/db/ledger/ledgerStore';
import type { CancellationPolicy } from '../../src/domain/cancellations/cancellationPolicy';
import { HOLD_SECONDS, SETTLE_SECONDS } from './durations';
import type { PaymentAmount } from '../../src/domain/money';

export const PRICE = 50_000;
export const BOOKING_FEE = 2_000;

/** No test that skips time gets past this date, although an idle time-skipping server jumps by years. */
const FAR_FUTURE = new Date('9000-01-01T00:00:00Z');

/** Keeps 30 percent of every ticket until the show begins. The booking fee is never refunded. */
export const KEEPS_30_PERCENT: CancellationPolicy = {
  fees: [{ untilDaysBefore: 0, percent: 30 }],
  cutOff: { daysBefore: 0, time: '23:59' },
  free: [],
  bookingFeeRefundDays: null,
};

export interface SaleOptions {
  seats?: number;
  maxSeatsPerUser?: number;
  saleSwitch?: 'OPEN' | 'PAUSED' | 'CLOSED';
  saleOpensAt?: Date;
  saleClosesAt?: Date;
  /** Default: the Korean policy. */
  cancellationPolicy?: CancellationPolicy;
}

export interface Sale {
  scheduleId: string;
  /** In the order of the seat map. */
  seatIds: string[];
  /** The first seat of them. */
  seatId: string;
}

/** A schedule on sale. Every seat costs {@link PRICE} with a booking fee of {@link BOOKING_FEE}. */
export async function createSale(owner: Knex, options: SaleOptions = {}): Promise<Sale> {
  const [venueId, concertId, scheduleId] = [randomUUID(), randomUUID(), randomUUID()];
  const seatId = randomUUID();
  const seatIds = [seatId, ...Array.from({ length: (options.seats ?? 1) - 1 }, () => randomUUID())];
  await owner('venues').insert({ id: venueId, name: 'Venue', plan: '{}' });
  await owner('concerts').insert({ id: concertId, title: 'Concert', artist: 'Artist' });
  await owner('schedules').insert({
    id: scheduleId,
    concert_id: concertId,
    venue_id: venueId,
    starts_at: FAR_FUTURE,
    sale_opens_at: options.saleOpensAt ?? new Date(Date.now() - 60_000),
    sale_closes_at: options.saleClosesAt ?? FAR_FUTURE,
    sale_switch: options.saleSwitch ?? 'OPEN',
    booking_fee: BOOKING_FEE,
    max_seats_per_user: options.maxSeatsPerUser ?? 4,
    seats_total: seatIds.length,
    ...(options.cancellationPolicy && { cancellation_policy: options.cancellationPolicy }),
  });
  await owner('grades').insert({
    schedule_id: scheduleId,
    grade: 'R',
    position: 0,
    price: PRICE,
    color: '#a00',
  });
  await owner.batchInsert(
    'seats',
    seatIds.map((id, position) => ({
      id,
      schedule_id: scheduleId,
      position,
      zone: 'A',
      row: '1',
      number: String(position + 1),
      grade: 'R',
      x: position,
      y: 0,
    })),
  );
  return { scheduleId, seatIds, seatId };
}

/** A user with a wallet, as a sign-up leaves it. The points in it are booked like those of every top-up. */
export async function createUser(owner: Knex, points = 0): Promise<string> {
  const userId = randomUUID();
  await owner('users').insert({ id: userId, login: userId, password_hash: 'none' });
  await owner('wallets').insert({ user_id: userId });
  if (points > 0) await addPoints(owner, userId, points);
  return userId;
}

export async function addPoints(owner: Knex, userId: string, points: number): Promise<void> {
  await owner.transaction((transaction) =>
    createLedgerStore(transaction).post({
      key: `gift:${randomUUID()}`,
      kind: 'TOP_UP',
      currency: 'KRW',
      wallet: { userId, amount: points },
      house: [{ account: clearingOf('sandbox'), amount: -points }],
    }),
  );
}

/** A hold that a test requests. */
export interface RequestedHold {
  reservationId: string;
  userId: string;
  scheduleId: string;
  /** Sorted, as the API sends them. */
  seatIds: string[];
  holdSeconds: number;
  settleSeconds: number;
}

/** A request for a hold of {@link HOLD_SECONDS}, unless `durations` says otherwise. */
export function aHold(
  sale: Pick<Sale, 'scheduleId'>,
  userId: string,
  seatIds: readonly string[],
  durations: Partial<Pick<RequestedHold, 'holdSeconds' | 'settleSeconds'>> = {},
): RequestedHold {
  return {
    reservationId: randomUUID(),
    userId,
    scheduleId: sale.scheduleId,
    seatIds: seatIds.toSorted(),
    holdSeconds: HOLD_SECONDS,
    settleSeconds: SETTLE_SECONDS,
    ...durations,
  };
}

/** A payment that a test requests. */
export interface RequestedAttempt {
  paymentId: string;
  amount: PaymentAmount;
  paymentKey?: string;
}

/** An attempt to pay. By default, points pay for the seats and the card pays the booking fee. */
export function anAttempt(seats = 1, points = seats * PRICE): RequestedAttempt {
  const total = seats * (PRICE + BOOKING_FEE);
  return {
    paymentId: randomUUID(),
    amount: { points, card: total - points, total, currency: 'KRW' },
  };
}

/** Writes a ticket for a seat, as a confirmation does. */
export async function insertTicket(
  owner: Knex,
  { reservationId, userId, seatId }: { reservationId: string; userId: string; seatId: string },
): Promise<string> {
  const ticketId = randomUUID();
  await owner('tickets').insert({
    id: ticketId,
    reservation_id: reservationId,
    seat_id: seatId,
    user_id: userId,
    issued_at: new Date(),
  });
  return ticketId;
}
