import type { Knex } from 'knex';
import type { PaymentAmount } from '../domain/money';

export type PaymentStatus =
  'PENDING' | 'SETTLING' | 'SUCCEEDED' | 'FAILED' | 'REFUNDED' | 'PARTIALLY_REFUNDED';

/** One attempt to pay a reservation. */
export interface Payment {
  paymentId: string;
  reservationId: string;
  userId: string;
  status: PaymentStatus;
  amount: PaymentAmount;
  /** The name of the gateway that the attempt was made with; null where it never came so far. */
  gateway: string | null;
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
}

/** What became of opening an attempt. */
export interface Opening {
  opened: boolean;
  status: PaymentStatus;
  reason: string | null;
  /** Attempts of the same reservation that failed, and whose charge is not known to be given back. */
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
  gateway: string | null;
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

/** Listed, because a prepared statement that returns `*` breaks when a migration adds a column. */
const COLUMNS =
  'id, reservation_id, user_id, status, points, card, currency, gateway, payment_key, gateway_payment_id, ' +
  'reason, created_at, approved_at';

export type PaymentStore = ReturnType<typeof createPaymentStore>;

/** Attempts to pay. Given a transaction, all of it happens in that transaction. */
export function createPaymentStore(db: Knex) {
  /** A row that somebody committed while our statement waited for it: no statement sees what is younger than itself. */
  async function readCommitted(paymentId: string): Promise<PaymentRow & { opened: boolean }> {
    const row = await db<PaymentRow>('payments').where({ id: paymentId }).first();
    if (!row) throw new Error(`payment ${paymentId} is neither opened nor there`);
    return { ...row, opened: false };
  }

  return {
    /** Opens an attempt, or tells the status of the one that stands under this id already. */
    async open(payment: NewPayment & { gateway: string }): Promise<Opening> {
      const { rows } = await db
        .raw<{ rows: (PaymentRow & { opened: boolean })[] }>(
          `WITH opened AS (
             INSERT INTO payments (id, reservation_id, user_id, points, card, currency, gateway, payment_key, status)
             VALUES (:id, :reservation_id, :user_id, :points, :card, :currency, :gateway, :payment_key, 'PENDING')
             ON CONFLICT (id) DO NOTHING
             RETURNING *)
           SELECT ${COLUMNS}, true AS opened FROM opened
           UNION ALL
           SELECT ${COLUMNS}, false FROM payments
           WHERE id = :id OR (reservation_id = :reservation_id AND status = 'FAILED' AND undone_at IS NULL)`,
          { ...columnsOf(payment), gateway: payment.gateway },
        )
        .options({ name: 'open-payment' });
      const unsettled = rows.filter((row) => row.id !== payment.paymentId).map(toPayment);
      const own =
        rows.find((row) => row.id === payment.paymentId) ?? (await readCommitted(payment.paymentId));
      return { opened: own.opened, status: own.status, reason: own.reason, unsettled };
    },

    /** @returns whether the attempt was open; one that succeeded or failed before stays as it is */
    async succeed(
      paymentId: string,
      charge: { gatewayPaymentId: string | null; approvedAt: Date },
    ): Promise<boolean> {
      const changed = await db<PaymentRow>('payments')
        .where({ id: paymentId })
        .whereIn('status', OPEN)
        .update({
          status: 'SUCCEEDED',
          gateway_payment_id: charge.gatewayPaymentId,
          approved_at: charge.approvedAt,
          reason: null,
        })
        .options({ name: 'succeed-payment' });
      return changed > 0;
    },

    /**
     * Closes an attempt as failed, also one whose first step has not arrived: the row then stands as a fence
     * before it.
     *
     * @returns the status after the call: FAILED, or SUCCEEDED where the attempt had already won
     */
    async fail(payment: NewPayment, reason: string): Promise<PaymentStatus> {
      const { rows } = await db.raw<{ rows: { status: PaymentStatus }[] }>(
        `INSERT INTO payments AS payment
           (id, reservation_id, user_id, points, card, currency, payment_key, status, reason)
         VALUES (:id, :reservation_id, :user_id, :points, :card, :currency, :payment_key, 'FAILED', :reason)
         ON CONFLICT (id) DO UPDATE
           SET status = CASE WHEN payment.status IN ('PENDING', 'SETTLING') THEN 'FAILED' ELSE payment.status END,
               reason = CASE WHEN payment.status IN ('PENDING', 'SETTLING') THEN excluded.reason ELSE payment.reason END
         RETURNING status`,
        { ...columnsOf(payment), reason },
      );
      return rows[0]?.status ?? 'FAILED';
    },

    /** What was paid has gone back, or a part of it. */
    async markRefunded(paymentId: string, status: 'REFUNDED' | 'PARTIALLY_REFUNDED'): Promise<void> {
      await db<PaymentRow>('payments').where({ id: paymentId, status: 'SUCCEEDED' }).update({ status });
    },

    /** @returns false where the attempt is settling already, or over */
    async markSettling(paymentId: string): Promise<boolean> {
      const changed = await db<PaymentRow>('payments')
        .where({ id: paymentId, status: 'PENDING' })
        .update({ status: 'SETTLING' });
      return changed > 0;
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

    async find(paymentId: string): Promise<Payment | null> {
      const row = await db<PaymentRow>('payments').where({ id: paymentId }).first();
      return row ? toPayment(row) : null;
    },

    /** The latest attempt that counts: the successful one, else the newest. */
    async latestOf(reservationIds: readonly string[]): Promise<Map<string, Payment>> {
      const { rows } = await db.raw<{ rows: PaymentRow[] }>(
        `SELECT DISTINCT ON (reservation_id) * FROM payments WHERE reservation_id = ANY(?)
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
  };
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
