import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { chargeOfPayment, type CardPayment } from '../../src/gateways/chargeRequest';
import type { PaymentGateway } from '../../src/domain/payments/gateway';
import { BOOKING_FEE, createSale, PRICE, type Sale } from './factories';

/** How a reservation was paid, in whole currency units. */
export interface SoldReservation {
  reservationId: string;
  userId: string;
  paymentId: string;
  points: number;
  card: number;
}

/** How a seat may be paid, in whole currency units. The card pays what the points do not pay. */
interface WayToPay {
  tickets: number;
  bookingFee: number;
  points: number;
}

export const BY_POINTS_AND_CARD: WayToPay = { tickets: PRICE, bookingFee: BOOKING_FEE, points: PRICE };
export const BY_CARD: WayToPay = { ...BY_POINTS_AND_CARD, points: 0 };
export const BY_POINTS: WayToPay = { ...BY_POINTS_AND_CARD, bookingFee: 0 };
export const FREE: WayToPay = { tickets: 0, bookingFee: 0, points: 0 };

/**
 * A show with `count` sold reservations, each with its own seat and user. The rows are those that their workflows
 * leave, and their charges are in the gateway's book. This is much faster than selling them.
 *
 * @param ways how they are paid, in turn
 * @returns the reservations, sorted by id
 */
export async function createSoldShow(
  owner: Knex,
  gateway: PaymentGateway,
  count: number,
  ways: readonly WayToPay[] = [BY_POINTS_AND_CARD, BY_CARD, BY_POINTS, FREE],
): Promise<Sale & { sold: SoldReservation[] }> {
  const sale = await createSale(owner, { seats: count });
  const rows = sale.seatIds.map((seatId, index) => {
    const { tickets, bookingFee, points } = ways[index % ways.length] ?? FREE;
    const ids = { reservationId: randomUUID(), userId: randomUUID(), paymentId: randomUUID() };
    return { ...ids, seatId, tickets, bookingFee, points, card: tickets + bookingFee - points };
  });
  const gatewayIds = new Map<string, string>();
  for (const row of rows) {
    if (row.card > 0) gatewayIds.set(row.paymentId, await charge(gateway, row));
  }
  const data = rows.map((row) => ({ ...row, gatewayPaymentId: gatewayIds.get(row.paymentId) ?? null }));
  await owner.transaction(async (transaction) => {
    for (const statement of STATEMENTS) {
      await transaction.raw(`${WITH_ROWS} ${statement}`, {
        scheduleId: sale.scheduleId,
        data: JSON.stringify(data),
      });
    }
  });
  const sold = rows.map(({ reservationId, userId, paymentId, points, card }) => {
    return { reservationId, userId, paymentId, points, card };
  });
  return { ...sale, sold: sold.toSorted((a, b) => a.reservationId.localeCompare(b.reservationId)) };
}

async function charge(
  gateway: PaymentGateway,
  { reservationId, userId, paymentId, points, card }: SoldReservation,
): Promise<string> {
  const amount = { points, card, total: points + card, currency: 'KRW' };
  const ids = { paymentId, reservationId, userId };
  const payment: CardPayment = { ...ids, amount, gateway: gateway.name, paymentKey: null, requestedAt: 0 };
  const answer = await gateway.charge(chargeOfPayment(payment));
  if (answer.outcome !== 'approved') throw new Error(`the charge is ${answer.outcome}`);
  return answer.gatewayPaymentId;
}

const WITH_ROWS = `
  WITH row AS (
    SELECT :scheduleId::uuid AS schedule_id, row.*
    FROM jsonb_to_recordset(:data::jsonb) AS row (
      "reservationId" uuid, "userId" uuid, "paymentId" uuid, "seatId" uuid, tickets bigint,
      "bookingFee" bigint, points bigint, card bigint, "gatewayPaymentId" text))`;

const STATEMENTS = [
  `INSERT INTO users (id, login, password_hash) SELECT "userId", "userId", 'none' FROM row`,
  `INSERT INTO wallets (user_id) SELECT "userId" FROM row`,
  `INSERT INTO reservations
     (id, user_id, schedule_id, status, tickets, booking_fee, currency, held_at, expires_at, ended_at)
   SELECT "reservationId", "userId", schedule_id, 'CONFIRMED', tickets, "bookingFee", 'KRW', now(),
          now() + interval '5 minutes', now()
   FROM row`,
  `INSERT INTO allocations (reservation_id, seat_id, schedule_id, user_id, price, sold_at)
   SELECT "reservationId", "seatId", schedule_id, "userId", tickets, now() FROM row`,
  `INSERT INTO tickets (id, reservation_id, seat_id, user_id, issued_at)
   SELECT gen_random_uuid(), "reservationId", "seatId", "userId", now() FROM row`,
  `INSERT INTO payments (id, reservation_id, user_id, status, points, card, currency, gateway, gateway_payment_id,
                         approved_at)
   SELECT "paymentId", "reservationId", "userId", 'SUCCEEDED', points, card, 'KRW', 'sandbox', "gatewayPaymentId",
          now()
   FROM row`,
  // Points that were given and spent, so that the wallet ends empty.
  `, journal AS (
     INSERT INTO journals (id, key, kind, reservation_id, payment_id)
     SELECT gen_random_uuid(), kind || ':' || "paymentId", upper(kind), reservation_id, "paymentId"
     FROM row, LATERAL (VALUES ('gift', NULL), ('sale', "reservationId")) AS made (kind, reservation_id)
     RETURNING id, kind, payment_id)
   INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
   SELECT journal.id, account, line.user_id, amount, 'KRW', balance
   FROM journal JOIN row ON row."paymentId" = journal.payment_id,
   LATERAL (VALUES
     ('GIFT', 'wallet:' || "userId", "userId", points, points),
     ('GIFT', 'gateway:clearing:sandbox', NULL, -points, NULL),
     ('SALE', 'wallet:' || "userId", "userId", -points, 0),
     ('SALE', 'gateway:clearing:sandbox', NULL, -card, NULL),
     ('SALE', 'house:revenue', NULL, tickets, NULL),
     ('SALE', 'house:booking-fees', NULL, "bookingFee", NULL)) AS line (kind, account, user_id, amount, balance)
   WHERE line.kind = journal.kind AND amount <> 0`,
];
