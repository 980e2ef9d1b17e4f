import { hall, openSchedule, PRICE } from './catalogue';
import type { Person } from '../generator/protocol';
import type { Site } from './site';

/**
 * Writes reservations of earlier sales, each of one seat paid with points. It writes them all at once, with the same
 * rows that the service would write: allocations, payments, tickets, journals and balances. Their workflows have long
 * ended.
 *
 * @param people the buyers, one after another and then again; each wallet has enough points
 */
export async function writePastReservations(
  { client, postgres }: Site,
  people: readonly Person[],
  count: number,
): Promise<void> {
  const { scheduleId } = await openSchedule(client, { plan: hall(1) });
  await postgres.query('BEGIN');
  await postgres.query(NUMBERS, [people.map(({ userId }) => userId), count]);
  for (const statement of STATEMENTS) {
    await postgres.query(
      statement.replaceAll(':schedule', `'${scheduleId}'::uuid`).replaceAll(':price', `${PRICE}`),
    );
  }
  await postgres.query('COMMIT');
  await postgres.query('ANALYZE');
}

const NUMBERS = `
  CREATE TEMPORARY TABLE past ON COMMIT DROP AS
  SELECT number, gen_random_uuid() AS seat, gen_random_uuid() AS reservation, gen_random_uuid() AS payment,
         gen_random_uuid() AS taken, gen_random_uuid() AS sold,
         ($1::uuid[])[1 + number % cardinality($1::uuid[])] AS person,
         now() - number * interval '1 minute' AS at
  FROM generate_series(1, $2::int) AS number`;

const STATEMENTS = [
  `UPDATE schedules SET seats_total = seats_total + (SELECT count(*) FROM past) WHERE id = :schedule`,
  `INSERT INTO seats (id, schedule_id, position, zone, row, number, grade, x, y)
   SELECT seat, :schedule, number, '1F', 'past', number::text, 'R', 0, 0 FROM past`,
  `INSERT INTO reservations (id, user_id, schedule_id, status, tickets, booking_fee, currency, held_at, expires_at,
                             ended_at)
   SELECT reservation, person, :schedule, 'CONFIRMED', :price, 0, 'KRW', at, at + interval '5 minutes', at FROM past`,
  `INSERT INTO allocations (reservation_id, seat_id, schedule_id, user_id, price, sold_at)
   SELECT reservation, seat, :schedule, person, :price, at FROM past`,
  `INSERT INTO payments (id, reservation_id, user_id, status, points, card, currency, gateway, created_at, approved_at)
   SELECT payment, reservation, person, 'SUCCEEDED', :price, 0, 'KRW', 'sandbox', at, at FROM past`,
  `INSERT INTO tickets (id, reservation_id, seat_id, user_id, issued_at)
   SELECT gen_random_uuid(), reservation, seat, person, at FROM past`,
  `INSERT INTO journals (id, key, kind, reservation_id, payment_id, created_at)
   SELECT taken, 'points-taken:' || payment, 'POINTS_TAKEN', reservation, payment, at FROM past
   UNION ALL SELECT sold, 'sale:' || payment, 'SALE', reservation, payment, at FROM past`,
  `INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
   SELECT taken, 'wallet:' || person, person, -:price, 'KRW',
          balance - :price * row_number() OVER (PARTITION BY person ORDER BY number)
   FROM past JOIN wallets ON user_id = person
   UNION ALL SELECT taken, 'house:pending', NULL, :price, 'KRW', NULL FROM past
   UNION ALL SELECT sold, 'house:pending', NULL, -:price, 'KRW', NULL FROM past
   UNION ALL SELECT sold, 'house:revenue', NULL, :price, 'KRW', NULL FROM past`,
  `UPDATE wallets SET balance = balance - :price * bought
   FROM (SELECT person, count(*) AS bought FROM past GROUP BY person) AS buyers WHERE user_id = person`,
];
