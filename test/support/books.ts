import type { Knex } from 'knex';
import type { GatewayName } from '../../src/domain/payments/gateway';

/** What Postgres says, read as the owner. */
export interface Books {
  reservationStatus(reservationId: string): Promise<string | null>;
  /** AVAILABLE, or the reservation that has the seat, with `sold` where it is sold. */
  seat(seatId: string): Promise<{ reservationId: string; sold: boolean } | 'AVAILABLE'>;
  balance(userId: string): Promise<number>;
  payment(paymentId: string): Promise<{ status: string; reason: string | null } | null>;
  /** Sum of an account over all entries of a reservation's journals. */
  account(account: string, reservationId: string): Promise<number>;
  journals(reservationId: string): Promise<string[]>;
  tickets(reservationId: string): Promise<string[]>;
  /** What is due to a card after a cancellation. */
  refund(reservationId: string): Promise<{ status: string; attempts: number; fault: string | null } | null>;
  /** What the ledger expects from a gateway, the sandbox if no other is named, but for the gifts of the tests. */
  owedByGateway(gateway?: GatewayName): Promise<number>;
  /** Every violation of the design's invariants on seats and money, in words; empty when all is well. */
  faults(): Promise<string[]>;
}

export function openBooks(owner: Knex): Books {
  return {
    async reservationStatus(reservationId) {
      const row = await owner('reservations')
        .where({ id: reservationId })
        .first<{ status: string } | undefined>('status');
      return row?.status ?? null;
    },

    async seat(seatId) {
      const row = await owner('allocations')
        .where({ seat_id: seatId })
        .whereNull('released_at')
        .first<{ reservation_id: string; sold_at: Date | null } | undefined>();
      return row ? { reservationId: row.reservation_id, sold: row.sold_at !== null } : 'AVAILABLE';
    },

    async balance(userId) {
      const row = await owner('wallets')
        .where({ user_id: userId })
        .first<{ balance: number } | undefined>('balance');
      return row?.balance ?? 0;
    },

    async payment(paymentId) {
      const row = await owner('payments')
        .where({ id: paymentId })
        .first<{ status: string; reason: string | null } | undefined>('status', 'reason');
      return row ?? null;
    },

    async account(account, reservationId) {
      const [row] = await owner('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where({ account, reservation_id: reservationId })
        .select<{ sum: number }[]>(owner.raw('coalesce(sum(amount), 0)::bigint AS sum'));
      return row?.sum ?? 0;
    },

    async journals(reservationId) {
      const rows = await owner('journals')
        .where({ reservation_id: reservationId })
        .orderBy('created_at')
        .select<{ kind: string }[]>('kind');
      return rows.map((row) => row.kind);
    },

    async tickets(reservationId) {
      const rows = await owner('tickets')
        .where({ reservation_id: reservationId })
        .select<{ seat_id: string }[]>('seat_id');
      return rows.map((row) => row.seat_id);
    },

    async refund(reservationId) {
      const row = await owner('refunds')
        .where({ reservation_id: reservationId })
        .first<{ status: string; attempts: number; fault: string | null } | undefined>({
          status: 'status',
          attempts: 'attempts',
          fault: 'last_fault',
        });
      return row ?? null;
    },

    async owedByGateway(gateway = 'sandbox') {
      const [row] = await owner('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where({ account: `gateway:clearing:${gateway}` })
        .whereRaw("key NOT LIKE 'gift:%'")
        .select<{ sum: number }[]>(owner.raw('coalesce(-sum(amount), 0)::bigint AS sum'));
      return row?.sum ?? 0;
    },

    async faults() {
      const { rows } = await owner.raw<{ rows: { fault: string }[] }>(FAULTS);
      return rows.map((row) => row.fault);
    },
  };
}

/** Invariants 1, 3 and 4 of the design, each as a query for what breaks it; a refund that is due is no fault. */
const FAULTS = `
  SELECT 'seat ' || seat_id || ' is live ' || count(*) || ' times' AS fault
  FROM allocations WHERE released_at IS NULL GROUP BY seat_id HAVING count(*) > 1
  UNION ALL
  SELECT 'journal ' || key || ' sums to ' || sum(amount)
  FROM journals JOIN entries ON entries.journal_id = journals.id GROUP BY key, currency HAVING sum(amount) <> 0
  UNION ALL
  SELECT 'wallet of ' || wallets.user_id || ' has ' || balance || ', its entries say ' || coalesce(sum(amount), 0)
  FROM wallets LEFT JOIN entries ON entries.user_id = wallets.user_id
  GROUP BY wallets.user_id, balance HAVING balance <> coalesce(sum(amount), 0) OR balance < 0
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || status || ' with ' || count(seat_id) || ' live seats'
  FROM reservations LEFT JOIN allocations ON reservation_id = reservations.id AND released_at IS NULL
  GROUP BY reservations.id, status
  HAVING (count(seat_id) > 0) <> (status IN ('HELD', 'PAYING', 'SETTLING', 'CONFIRMED'))
  UNION ALL
  SELECT 'reservation ' || reservations.id || ' is ' || status || ' and earned ' || coalesce(sum(amount), 0)
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
