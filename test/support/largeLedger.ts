import type { Knex } from 'knex';
import { createSale } from './factories';

/** The number of entries of one purchase: two of the top-up, two of the points, four of the sale. */
export const ENTRIES_OF_PURCHASE = 8;

/**
 * Writes users who each bought points and a seat with them. The rows are those of the service, but written all at
 * once.
 */
export async function writeLargeLedger(owner: Knex, purchases: number): Promise<void> {
  const { scheduleId } = await createSale(owner);
  await owner.transaction(async (transaction) => {
    await transaction.raw('SET LOCAL statement_timeout = 0');
    await transaction.raw(
      `CREATE TEMPORARY TABLE numbers ON COMMIT DROP AS
       SELECT number, md5('user ' || number)::uuid AS user_id, md5('top-up ' || number)::uuid AS top_up_id,
              md5('reservation ' || number)::uuid AS reservation_id, md5('payment ' || number)::uuid AS payment_id
       FROM generate_series(1, ?::int) AS number`,
      [purchases],
    );
    for (const statement of STATEMENTS) await transaction.raw(statement, { scheduleId });
  });
}

const STATEMENTS = [
  `INSERT INTO users (id, login, password_hash) SELECT user_id, 'large ' || number, 'none' FROM numbers`,
  `INSERT INTO wallets (user_id, balance) SELECT user_id, 20000 FROM numbers`,
  `INSERT INTO top_ups (id, user_id, amount, currency, status, gateway, gateway_payment_id, balance_after)
   SELECT top_up_id, user_id, 70000, 'KRW', 'SUCCEEDED', 'sandbox', 'charge ' || top_up_id, 70000 FROM numbers`,
  `INSERT INTO reservations
     (id, user_id, schedule_id, status, tickets, booking_fee, currency, held_at, expires_at, ended_at)
   SELECT reservation_id, user_id, :scheduleId::uuid, 'CONFIRMED', 50000, 2000, 'KRW', now(), now(), now()
   FROM numbers`,
  `INSERT INTO payments (id, reservation_id, user_id, status, points, card, currency, gateway, approved_at)
   SELECT payment_id, reservation_id, user_id, 'SUCCEEDED', 50000, 2000, 'KRW', 'sandbox', now() FROM numbers`,
  `INSERT INTO journals (id, key, kind, reservation_id, payment_id)
   SELECT md5('credit ' || number)::uuid, 'top-up:' || top_up_id, 'TOP_UP', NULL, top_up_id FROM numbers
   UNION ALL
   SELECT md5('debit ' || number)::uuid, 'points-taken:' || payment_id, 'POINTS_TAKEN', reservation_id, payment_id
   FROM numbers
   UNION ALL
   SELECT md5('sale ' || number)::uuid, 'sale:' || payment_id, 'SALE', reservation_id, payment_id FROM numbers`,
  `INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
   SELECT md5('credit ' || number)::uuid, 'wallet:' || user_id, user_id, 70000, 'KRW', 70000 FROM numbers
   UNION ALL SELECT md5('credit ' || number)::uuid, 'gateway:clearing:sandbox', NULL, -70000, 'KRW', NULL FROM numbers
   UNION ALL
   SELECT md5('debit ' || number)::uuid, 'wallet:' || user_id, user_id, -50000, 'KRW', 20000 FROM numbers
   UNION ALL SELECT md5('debit ' || number)::uuid, 'house:pending', NULL, 50000, 'KRW', NULL FROM numbers
   UNION ALL SELECT md5('sale ' || number)::uuid, 'house:pending', NULL, -50000, 'KRW', NULL FROM numbers
   UNION ALL SELECT md5('sale ' || number)::uuid, 'gateway:clearing:sandbox', NULL, -2000, 'KRW', NULL FROM numbers
   UNION ALL SELECT md5('sale ' || number)::uuid, 'house:revenue', NULL, 50000, 'KRW', NULL FROM numbers
   UNION ALL SELECT md5('sale ' || number)::uuid, 'house:booking-fees', NULL, 2000, 'KRW', NULL FROM numbers`,
  'ANALYZE',
];
