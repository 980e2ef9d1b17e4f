import type { Knex } from 'knex';
import type { PaymentAmount } from '../../domain/money';

export type PaymentStatus =
  | 'REQUESTED'
  | 'WITHDRAWN'
  | 'PENDING'
  | 'SETTLING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'REFUNDED'
  | 'PARTIALLY_REFUNDED';

/** One attempt to pay a reservation. */
export interface Payment {
  paymentId: string;
  reservationId: string;
  userId: string;
  status: PaymentStatus;
  amount: PaymentAmount;
  /** The name of the gateway that charges the card part. */
  gateway: string;
  /** The client's key for a payment that it has prepared there. */
  paymentKey: string | null;
  gatewayPaymentId: string | null;
  reason: string | null;
  createdAt: Date;
  approvedAt: Date | null;
}

export interface NewPayment {
  paymentId: string;
  reservationId: string;
  userId: string;
  amount: PaymentAmount;
  paymentKey: string | null;
  gateway: string;
}

/** An attempt whose first step runs. */
export interface Opening {
  /** This call has opened it; false where an earlier one had, or where it may not be opened any more. */
  opened: boolean;
  payment: Payment;
  /** Failed attempts of the same reservation whose charge is not known to be refunded. */
  unsettled: Payment[];
}

interface PaymentRow {
  id: string;
  reservation_id: string;
  user_id: string;
  status: PaymentStatus;
  points: number;
  card: number;
  currency: string;
  gateway: string;
  payment_key: string | null;
  gateway_payment_id: string | null;
  reason: string | null;
  created_at: Date;
  approved_at: Date | null;
  undone_at: Date | null;
}

/**
 * From here a payment may still succeed or fail; every other status is its end, but for refunds. An open attempt
 * keeps its reservation from the next one, and from its end.
 */
const OPEN: PaymentStatus[] = ['PENDING', 'SETTLING'];

const UNFINISHED = "'REQUESTED', 'PENDING', 'SETTLING'";

/** Listed, because a prepared statement that returns `*` breaks when a migration adds a column. */
const COLUMN_NAMES = [
  'id',
  'reservation_id',
  'user_id',
  'status',
  'points',
  'card',
  'currency',
  'gateway',
  'payment_key',
  'gateway_payment_id',
  'reason',
  'created_at',
  'approved_at',
] as const;
const COLUMNS = COLUMN_NAMES.join(', ');

export type PaymentStore = ReturnType<typeof createPaymentStore>;

/** Attempts to pay. Given a transaction, all of it happens in that transaction. */
export function createPaymentStore(db: Knex) {
  async function find(paymentId: string): Promise<Payment | null> {
    const row = await db<PaymentRow>('payments').where({ id: paymentId }).first();
    return row ? toPayment(row) : null;
  }

  return {
    /**
     * Records an attempt before its workflow hears of it. One that was withdrawn is requested again, with the gateway
     * that takes new payments now: no gateway has heard of it. Any other stays as it is.
     *
     * @returns the attempt as it is now
     */
    async request(payment: NewPayment): Promise<Payment> {
      const { rows } = await db
        .raw<{ rows: PaymentRow[] }>(
          `INSERT INTO payments AS payment
             (id, reservation_id, user_id, points, card, currency, gateway, payment_key, status)
           VALUES (:id, :reservation_id, :user_id, :points, :card, :currency, :gateway, :payment_key, 'REQUESTED')
           ON CONFLICT (id) DO UPDATE
             SET status = CASE payment.status WHEN 'WITHDRAWN' THEN 'REQUESTED' ELSE payment.status END,
                 gateway = CASE payment.status WHEN 'WITHDRAWN' THEN excluded.gateway ELSE payment.gateway END,
                 created_at = CASE payment.status WHEN 'WITHDRAWN' THEN now() ELSE payment.created_at END
           RETURNING ${COLUMNS}`,
          columnsOf(payment),
        )
        .options({ name: 'request-payment' });
      return onlyRow(rows);
    },

    /** @returns whether no step had begun: then none will */
    async withdraw(paymentId: string): Promise<boolean> {
      const changed = await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'REQUESTED' })
        .update({ status: 'WITHDRAWN' });
      return changed > 0;
    },

    /** Withdraws up to `limit` attempts that were requested before an instant and never began. */
    async withdrawForgotten(before: Date, limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        // Asked twice: one that is requested again meanwhile is young.
        `UPDATE payments SET status = 'WITHDRAWN'
         WHERE id IN (SELECT id FROM payments WHERE status = 'REQUESTED' AND created_at < :before LIMIT :limit)
           AND status = 'REQUESTED' AND created_at < :before`,
        { before, limit },
      );
      return rowCount;
    },

    /** Opens a requested attempt. @returns null for an unknown one */
    async open(paymentId: string): Promise<Opening | null> {
      const { rows } = await db
        .raw<{ rows: (PaymentRow & { opened: boolean })[] }>(
          `WITH opened AS (
             UPDATE payments SET status = 'PENDING' WHERE id = :paymentId AND status = 'REQUESTED' RETURNING ${COLUMNS})
           SELECT ${COLUMNS}, true AS opened FROM opened
           UNION ALL
           SELECT ${COLUMNS}, false FROM payments
           WHERE (id = :paymentId AND NOT EXISTS (SELECT FROM opened))
              OR (reservation_id = (SELECT reservation_id FROM payments WHERE id = :paymentId)
                  AND id <> :paymentId AND status = 'FAILED' AND undone_at IS NULL)`,
          { paymentId },
        )
        .options({ name: 'open-payment' });
      const own = rows.find((row) => row.id === paymentId);
      if (!own) return null;
      // Opened by somebody else while this statement waited: no statement sees what is younger than itself.
      const isStale = !own.opened && own.status === 'REQUESTED';
      const payment = isStale ? await find(paymentId) : toPayment(own);
      const unsettled = rows.filter((row) => row.id !== paymentId).map(toPayment);
      return payment && { opened: own.opened, payment, unsettled };
    },

    /** @returns the attempt, null where it was not open: then it stays as it is */
    async succeed(
      paymentId: string,
      charge: { gatewayPaymentId: string | null; approvedAt: Date },
    ): Promise<Payment | null> {
      const [row] = await db<PaymentRow>('payments')
        .where({ id: paymentId })
        .whereIn('status', OPEN)
        .update({
          status: 'SUCCEEDED',
          gateway_payment_id: charge.gatewayPaymentId,
          approved_at: charge.approvedAt,
          reason: null,
        })
        .returning<PaymentRow[]>(COLUMN_NAMES)
        .options({ name: 'succeed-payment' });
      return row ? toPayment(row) : null;
    },

    /**
     * Closes an attempt as failed, also one that has not begun: no later step of it has an effect. It counts as undone where
     * nothing was charged. Where it was closed before, that call has said whether it may be charged.
     *
     * @returns the attempt as it is now: FAILED, or what it had come to before; null for an unknown one
     */
    async fail(paymentId: string, reason: string, mayBeCharged: boolean): Promise<Payment | null> {
      const { rows } = await db.raw<{ rows: PaymentRow[] }>(
        `UPDATE payments
         SET status = CASE WHEN status IN (${UNFINISHED}) THEN 'FAILED' ELSE status END,
             reason = CASE WHEN status IN (${UNFINISHED}) THEN :reason ELSE reason END,
             undone_at = CASE WHEN status IN (${UNFINISHED}) AND NOT (:mayBeCharged AND card > 0) THEN now()
                              ELSE undone_at END
         WHERE id = :paymentId RETURNING ${COLUMNS}`,
        { paymentId, reason, mayBeCharged },
      );
      return rows[0] ? toPayment(rows[0]) : null;
    },

    /** What was paid has gone back, or a part of it. Needs a transaction: two refunds that end at once wait for each other. */
    async markRefunded(paymentId: string): Promise<void> {
      await db('payments').where({ id: paymentId }).forUpdate().select('id');
      await db.raw(
        `UPDATE payments SET status = CASE
           WHEN points + card = (SELECT sum(given.points + given.card) FROM cancellations AS given
                                 WHERE given.reservation_id = payments.reservation_id)
             AND NOT EXISTS (SELECT FROM refunds WHERE payment_id = payments.id AND refunds.status = 'PENDING')
           THEN 'REFUNDED' ELSE 'PARTIALLY_REFUNDED' END
         WHERE id = ? AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')`,
        [paymentId],
      );
    },

    /** @returns null where the attempt is settling already, or over */
    async markSettling(paymentId: string): Promise<Payment | null> {
      const [row] = await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'PENDING' })
        .update({ status: 'SETTLING' })
        .returning<PaymentRow[]>(COLUMN_NAMES);
      return row ? toPayment(row) : null;
    },

    /** Nothing of this failed attempt is taken any more. */
    async markUndone(paymentId: string): Promise<void> {
      await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'FAILED' })
        .whereNull('undone_at')
        .update({ undone_at: db.fn.now() });
    },

    /** The attempt that may still succeed or fail, if there is one. */
    async findOpen(reservationId: string): Promise<Payment | null> {
      const row = await db<PaymentRow>('payments')
        .where({ reservation_id: reservationId })
        .whereIn('status', OPEN)
        .first();
      return row ? toPayment(row) : null;
    },

    /** The failed attempts whose charge is not known to be given back. */
    async unsettledOf(reservationId: string): Promise<Payment[]> {
      const rows = await db<PaymentRow>('payments')
        .where({ reservation_id: reservationId, status: 'FAILED' })
        .whereNull('undone_at');
      return rows.map(toPayment);
    },

    find,

    /** The latest attempt that counts: the successful one, else the newest that has begun. */
    async latestOf(reservationIds: readonly string[]): Promise<Map<string, Payment>> {
      const { rows } = await db.raw<{ rows: PaymentRow[] }>(
        `SELECT DISTINCT ON (reservation_id) * FROM payments
         WHERE reservation_id = ANY(?) AND status NOT IN ('REQUESTED', 'WITHDRAWN')
         ORDER BY reservation_id, (status = 'FAILED'), created_at DESC`,
        [[...reservationIds]],
      );
      return new Map(rows.map((row) => [row.reservation_id, toPayment(row)]));
    },

    /** Every attempt of one reservation, oldest first. */
    async allOf(reservationId: string): Promise<Payment[]> {
      const rows = await db<PaymentRow>('payments')
        .where({ reservation_id: reservationId })
        .orderBy('created_at');
      return rows.map(toPayment);
    },
  };
}

function columnsOf(payment: NewPayment) {
  return {
    id: payment.paymentId,
    reservation_id: payment.reservationId,
    user_id: payment.userId,
    points: payment.amount.points,
    card: payment.amount.card,
    currency: payment.amount.currency,
    payment_key: payment.paymentKey,
    gateway: payment.gateway,
  };
}

function onlyRow(rows: readonly PaymentRow[]): Payment {
  const [row] = rows;
  if (!row) throw new Error('an upsert returned no row');
  return toPayment(row);
}

function toPayment(row: PaymentRow): Payment {
  return {
    paymentId: row.id,
    reservationId: row.reservation_id,
    userId: row.user_id,
    status: row.status,
    amount: { points: row.points, card: row.card, total: row.points + row.card, currency: row.currency },
    gateway: row.gateway,
    paymentKey: row.payment_key,
    gatewayPaymentId: row.gateway_payment_id,
    reason: row.reason,
    createdAt: row.created_at,
    approvedAt: row.approved_at,
  };
}
