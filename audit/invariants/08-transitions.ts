import { faultsOf } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';
import { groupBy } from '../evidence/groupBy';

/** The states after any open one. */
const ANY = ['HELD', 'PAYING', 'SETTLING', 'CONFIRMED', 'EXPIRED', 'RELEASED', 'CANCELLED'];

/** The states that a reservation may be in later, by the state that a client saw (docs/architecture.md). */
const LATER: Readonly<Record<string, readonly string[]>> = {
  HELD: ANY,
  PAYING: ANY,
  SETTLING: ANY,
  CONFIRMED: ['CONFIRMED', 'CANCELLED'],
  EXPIRED: ['EXPIRED'],
  RELEASED: ['RELEASED'],
  CANCELLED: ['CANCELLED'],
};

/** Invariant 8: a reservation moves only along the state table, and a final state stays. */
export async function transitions({
  snapshot,
  reservations,
  clients: { seen },
}: Evidence): Promise<string[]> {
  const faults = await faultsOf(snapshot, ROWS);
  const check = (reservation: string, before: string, after: string): void => {
    if (!LATER[before]?.includes(after))
      faults.push(`reservation ${reservation} was ${before} and is ${after}`);
  };
  for (const [reservation, lines] of groupBy(seen, (line) => line.reservation)) {
    let last: { status: string; at: number } | undefined;
    for (const { status, askedAt, at } of lines) {
      // Responses that overtook one another say nothing.
      if (last && askedAt >= last.at) check(reservation, last.status, status);
      last = { status, at };
    }
    const now = reservations.get(reservation);
    if (last && now) check(reservation, last.status, now.status);
  }
  return faults;
}

const ROWS = `
  SELECT 'reservation ' || id || ' is ' || status || ' and ended at ' || coalesce(ended_at::text, 'no time') AS what
  FROM reservations
  WHERE (ended_at IS NULL) <> (status IN ('HELD', 'PAYING', 'SETTLING'))
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || reservations.status || ' with a payment ' || payments.status
  FROM reservations JOIN payments ON payments.reservation_id = reservations.id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(points + card), 0) AS amount, count(*) AS times FROM cancellations
    WHERE reservation_id = reservations.id) AS given
  CROSS JOIN LATERAL (
    SELECT count(*) AS pending FROM refunds
    WHERE reservation_id = reservations.id AND refunds.status = 'PENDING') AS due
  WHERE (payments.status = 'SUCCEEDED' AND reservations.status <> 'CONFIRMED' AND due.pending = 0 AND given.amount > 0)
     OR (payments.status IN ('REFUNDED', 'PARTIALLY_REFUNDED') AND given.times = 0)
     OR (payments.status = 'REFUNDED' AND reservations.status <> 'CANCELLED')
     OR (payments.status IN ('PENDING', 'SETTLING') AND reservations.status NOT IN ('PAYING', 'SETTLING'))
  UNION ALL
  SELECT 'reservation ' || id || ' is CONFIRMED with ' || count(payment_id) || ' successful payments'
  FROM (SELECT reservations.id, payments.id AS payment_id FROM reservations
        LEFT JOIN payments
          ON payments.reservation_id = reservations.id AND payments.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
        WHERE reservations.status = 'CONFIRMED') AS confirmed
  GROUP BY id HAVING count(payment_id) <> 1`;
