import type { Knex } from 'knex';

export type TopUpStatus = 'REQUESTED' | 'WITHDRAWN' | 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** A purchase of points through the gateway. */
export interface TopUp {
  topUpId: string;
  userId: string;
  status: TopUpStatus;
  amount: number;
  currency: string;
  /** The name of the gateway. */
  gateway: string;
  paymentKey: string | null;
  gatewayPaymentId: string | null;
  /** The balance of the wallet right after it, as the client got it. */
  balanceAfter: number | null;
  /** Why it failed. */
  reason: string | null;
  createdAt: Date;
}

export type NewTopUp = Pick<TopUp, 'topUpId' | 'userId' | 'amount' | 'currency' | 'gateway' | 'paymentKey'>;

interface TopUpRow {
  id: string;
  user_id: string;
  status: TopUpStatus;
  amount: number;
  currency: string;
  gateway: string;
  payment_key: string | null;
  gateway_payment_id: string | null;
  balance_after: number | null;
  reason: string | null;
  created_at: Date;
  undone_at: Date | null;
}

export type TopUpStore = ReturnType<typeof createTopUpStore>;

/** Top-ups. If `db` is a transaction, all statements run in it. */
export function createTopUpStore(db: Knex) {
  return {
    /**
     * Records a top-up before its workflow gets it. A withdrawn top-up becomes requested again, with the gateway that
     * takes new payments now: no gateway knows it yet. Any other one stays unchanged.
     *
     * @returns the current top-up
     */
    async request(topUp: NewTopUp): Promise<TopUp> {
      const { rows } = await db.raw<{ rows: TopUpRow[] }>(
        `INSERT INTO top_ups AS top_up (id, user_id, amount, currency, gateway, payment_key, status)
         VALUES (:topUpId, :userId, :amount, :currency, :gateway, :paymentKey, 'REQUESTED')
         ON CONFLICT (id) DO UPDATE
           SET status = CASE top_up.status WHEN 'WITHDRAWN' THEN 'REQUESTED' ELSE top_up.status END,
               gateway = CASE top_up.status WHEN 'WITHDRAWN' THEN excluded.gateway ELSE top_up.gateway END,
               created_at = CASE top_up.status WHEN 'WITHDRAWN' THEN now() ELSE top_up.created_at END
         RETURNING *`,
        { ...topUp },
      );
      const [row] = rows;
      if (!row) throw new Error('an upsert returned no row');
      return toTopUp(row);
    },

    /** @returns true if no step had begun: then none will */
    async withdraw(topUpId: string): Promise<boolean> {
      const changed = await db<TopUpRow>('top_ups')
        .where({ id: topUpId, status: 'REQUESTED' })
        .update({ status: 'WITHDRAWN' });
      return changed > 0;
    },

    /** Withdraws up to `limit` top-ups that were requested before an instant and never began. */
    async withdrawForgotten(before: Date, limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        // The condition is checked twice: a top-up that is requested again meanwhile is young.
        `UPDATE top_ups SET status = 'WITHDRAWN'
         WHERE id IN (SELECT id FROM top_ups WHERE status = 'REQUESTED' AND created_at < :before LIMIT :limit)
           AND status = 'REQUESTED' AND created_at < :before`,
        { before, limit },
      );
      return rowCount;
    },

    /**
     * Opens a requested top-up.
     *
     * @returns the current top-up; null if it is unknown
     */
    async open(topUpId: string): Promise<TopUp | null> {
      await db<TopUpRow>('top_ups').where({ id: topUpId, status: 'REQUESTED' }).update({ status: 'PENDING' });
      return find(topUpId);
    },

    /** @returns false if it has already failed: its points must not be credited then */
    async succeed(
      topUpId: string,
      credit: { gatewayPaymentId: string; balanceAfter: number },
    ): Promise<boolean> {
      const changed = await db<TopUpRow>('top_ups').where({ id: topUpId, status: 'PENDING' }).update({
        status: 'SUCCEEDED',
        gateway_payment_id: credit.gatewayPaymentId,
        balance_after: credit.balanceAfter,
      });
      return changed > 0;
    },

    /**
     * Closes a top-up as failed. It counts as undone if nothing was charged. If an earlier call closed it, that call
     * decided whether it may be charged.
     *
     * @returns the current top-up: FAILED, or its earlier result; null if it is unknown
     */
    async fail(topUpId: string, reason: string, mayBeCharged: boolean): Promise<TopUp | null> {
      await db<TopUpRow>('top_ups')
        .where({ id: topUpId })
        .whereIn('status', ['REQUESTED', 'PENDING'])
        .update({ status: 'FAILED', reason, ...(mayBeCharged ? {} : { undone_at: db.fn.now() }) });
      return find(topUpId);
    },

    /** Marks that no money of this failed top-up is taken any more. */
    async markUndone(topUpId: string): Promise<void> {
      await db<TopUpRow>('top_ups')
        .where({ id: topUpId, status: 'FAILED' })
        .whereNull('undone_at')
        .update({ undone_at: db.fn.now() });
    },

    find,
  };

  async function find(topUpId: string): Promise<TopUp | null> {
    const row = await db<TopUpRow>('top_ups').where({ id: topUpId }).first();
    return row ? toTopUp(row) : null;
  }
}

function toTopUp(row: TopUpRow): TopUp {
  return {
    topUpId: row.id,
    userId: row.user_id,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    gateway: row.gateway,
    paymentKey: row.payment_key,
    gatewayPaymentId: row.gateway_payment_id,
    balanceAfter: row.balance_after,
    reason: row.reason,
    createdAt: row.created_at,
  };
}
