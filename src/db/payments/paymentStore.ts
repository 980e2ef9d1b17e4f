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
  /** The client's key for a payment that the client has prepared at the gateway. */
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

export interface PaymentRow {
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
 * From these statuses a payment may still succeed or fail. Every other status is final, apart from refunds. While an
 * attempt is open, its reservation cannot start another attempt and cannot end.
 */
const OPEN: PaymentStatus[] = ['PENDING', 'SETTLING'];

const UNFINISHED = "'REQUESTED', 'PENDING', 'SETTLING'";

/** The columns are listed, because a prepared statement that returns `*` breaks when a migration adds a column. */
export const PAYMENT_COLUMNS = [
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
const COLUMNS = PAYMENT_COLUMNS.join(', ');

export type PaymentStore = ReturnType<typeof createPaymentStore>;

/** Attempts to pay. If `db` is a transaction, all statements run in it. */
export function createPaymentStore(db: Knex) {
  async function find(paymentId: string): Promise<Payment | null> {
    const row = await db<PaymentRow>('payments').where({ id: paymentId }).first();
    return row ? toPayment(row) : null;
  }

  return {
    /**
     * Records an attempt before its workflow gets it. A withdrawn attempt becomes requested again, with the gateway
     * that takes new payments now: no gateway knows it yet. Any other one stays unchanged.
     *
     * @returns the current attempt
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

    /** @returns true if no step had begun: then none will */
    async withdraw(paymentId: string): Promise<boolean> {
      const changed = await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'REQUESTED' })
        .update({ status: 'WITHDRAWN' });
      return changed > 0;
    },

    /** Withdraws up to `limit` attempts that were requested before an instant and never began. */
    async withdrawForgotten(before: Date, limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        // The condition is checked twice: an attempt that is requested again meanwhile is young.
        `UPDATE payments SET status = 'WITHDRAWN'
         WHERE id IN (SELECT id FROM payments WHERE status = 'REQUESTED' AND created_at < :before LIMIT :limit)
           AND status = 'REQUESTED' AND created_at < :before`,
        { before, limit },
      );
      return rowCount;
    },

    /**
     * Closes an attempt as failed, even if it has not begun. No later step of it has an effect. It counts as undone if
     * nothing was charged. If an earlier call closed it, that call decided whether it may be charged.
     *
     * @returns the current attempt: FAILED, or its earlier result; null if it is unknown
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

    /**
     * Marks that the payment is refunded, fully or partly. Needs a transaction: two refunds that end at once wait for
     * each other.
     */
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

    /** @returns null if the attempt is already settling, or over */
    async markSettling(paymentId: string): Promise<Payment | null> {
      const [row] = await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'PENDING' })
        .update({ status: 'SETTLING' })
        .returning<PaymentRow[]>(PAYMENT_COLUMNS);
      return row ? toPayment(row) : null;
    },

    /** Marks that no money of this failed attempt is taken any more. */
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

    /** The failed attempts whose charge is not known to be refunded. */
    async unsettledOf(reservationId: string): Promise<Payment[]> {
      const rows = await db<PaymentRow>('payments')
        .where({ reservation_id: reservationId, status: 'FAILED' })
        .whereNull('undone_at');
      return rows.map(toPayment);
    },

    find,

    /** The attempt that counts: the successful one, or else the newest that has begun. */
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

export function toPayment(row: PaymentRow): Payment {
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
