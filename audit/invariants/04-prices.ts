import { z } from 'zod';
import { faultsOf, type Snapshot } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';
import { groupBy } from '../evidence/groupBy';

const sum = z.coerce.number().int();

/**
 * Invariant 4: the money paid for a CONFIRMED or CANCELLED reservation is its price minus what cancellations have
 * refunded. For every other reservation it is zero. Points come from the ledger, and card payments from the book of
 * the sandbox. The audit cannot read the book of another gateway, so what that gateway took comes from the ledger.
 */
export async function prices({ snapshot, book }: Evidence): Promise<string[]> {
  const reservations = await snapshot.read(PRICES, pricesSchema);
  const charges = groupBy(book, ({ orderId }) => orderId);
  const faults = await priceRows(snapshot);
  const fault = (what: string): void => void faults.push(what);
  for (const { id, status, due, points, elsewhere } of reservations) {
    const mine = charges.get(id) ?? [];
    const card = mine.reduce((total, { captured, refunded }) => total + captured - refunded, 0);
    const paid = points + card + elsewhere;
    if (paid !== due) fault(`reservation ${id} is ${status}, costs ${due} and was paid ${paid}`);
    const kept = mine.filter(({ captured, refunded }) => captured > refunded);
    if (kept.length > 1) fault(`reservation ${id} was charged ${kept.length} times`);
  }
  for (const { key, captured, refunded } of book) {
    if (refunded > captured) fault(`charge ${key} captured ${captured} and refunded ${refunded}`);
  }
  return faults;
}

const pricesSchema = z.object({ id: z.string(), status: z.string(), due: sum, points: sum, elsewhere: sum });

/**
 * A payment under way may have paid anything between nothing and the price. The audit checks it when it has ended.
 */
const PRICES = `
  SELECT reservations.id, status,
         CASE WHEN status IN ('CONFIRMED', 'CANCELLED')
           THEN tickets + booking_fee
             - coalesce((SELECT sum(points + card) FROM cancellations WHERE reservation_id = reservations.id), 0)
             + coalesce((SELECT sum(amount) FROM refunds
                         WHERE reservation_id = reservations.id AND status = 'PENDING'), 0)
           ELSE 0
         END AS due,
         coalesce((SELECT -sum(amount) FROM journals JOIN entries ON journal_id = journals.id
                   WHERE reservation_id = reservations.id AND entries.user_id IS NOT NULL), 0) AS points,
         coalesce((SELECT -sum(amount) FROM journals JOIN entries ON journal_id = journals.id
                   WHERE reservation_id = reservations.id AND account LIKE 'gateway:clearing:%'
                     AND account <> 'gateway:clearing:sandbox'), 0) AS elsewhere
  FROM reservations
  WHERE status NOT IN ('PAYING', 'SETTLING')`;

/** Of the rows and journals alone. A refund that is still due is no fault. */
export const priceRows = async (snapshot: Snapshot): Promise<string[]> => faultsOf(snapshot, EARNED);

const EARNED = `
  SELECT 'reservation ' || reservations.id || ' is ' || status || ' and earned ' || coalesce(sum(amount), 0) AS what
  FROM reservations
  LEFT JOIN (SELECT reservation_id, amount FROM journals JOIN entries ON entries.journal_id = journals.id
             WHERE account IN ('house:revenue', 'house:booking-fees', 'house:cancellation-fees')) AS earned
    ON earned.reservation_id = reservations.id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(cancellations.tickets - fee + booking_fee_refund), 0) AS back FROM cancellations
    WHERE reservation_id = reservations.id) AS given
  GROUP BY reservations.id, given.back
  HAVING coalesce(sum(amount), 0)
      <> CASE WHEN status IN ('CONFIRMED', 'CANCELLED') THEN tickets + booking_fee - given.back ELSE 0 END
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || status || ', and its cancellations give ' || given.back
      || ' for seats of ' || given.paid || ', of ' || reservations.tickets + reservations.booking_fee
  FROM reservations
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(points + card), 0) AS back, coalesce(sum(cancellations.tickets + cancellations.booking_fee), 0) AS paid,
           coalesce(bool_or(whole), false) AS whole,
           coalesce(bool_and(points + card = cancellations.tickets + booking_fee_refund - fee), true) AS sound
    FROM cancellations WHERE reservation_id = reservations.id) AS given
  WHERE (status = 'CANCELLED') <> given.whole OR NOT given.sound
     OR given.paid > reservations.tickets + reservations.booking_fee
     OR (given.whole AND given.paid <> reservations.tickets + reservations.booking_fee)
     OR (given.paid > 0 AND status NOT IN ('CONFIRMED', 'CANCELLED'))
  UNION ALL
  SELECT 'reservation ' || reservation_id || ' was paid ' || points || ' and ' || card || ', and got more back'
  FROM payments
  WHERE approved_at IS NOT NULL
    AND (points < (SELECT sum(points) FROM cancellations AS given WHERE given.reservation_id = payments.reservation_id)
      OR card < (SELECT sum(amount) FROM refunds WHERE payment_id = payments.id))
  UNION ALL
  SELECT 'reservation ' || journals.reservation_id || ' has refunds of ' || due.amount || ' to make and owes the card '
      || sum(entries.amount)
  FROM journals JOIN entries ON entries.journal_id = journals.id AND account = 'house:refunds-due'
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS amount FROM refunds
    WHERE refunds.reservation_id = journals.reservation_id AND status = 'PENDING') AS due
  GROUP BY journals.reservation_id, due.amount
  HAVING sum(entries.amount) <> due.amount
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || status || ' with pending points: ' || sum(amount)
  FROM reservations JOIN journals ON journals.reservation_id = reservations.id
  JOIN entries ON entries.journal_id = journals.id AND account = 'house:pending'
  WHERE status NOT IN ('PAYING', 'SETTLING')
  GROUP BY reservations.id HAVING sum(amount) <> 0`;
