import type { Knex } from 'knex';

export type TopUpStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** Points bought through the gateway. */
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
  /** The wallet right after it, as the client was told. */
  balanceAfter: number | null;
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

export function createTopUpStore(db: Knex) {
  return {
    /** Opens a top-up; one that stands under this id already stays as it is. */
    async open(topUp: NewTopUp): Promise<void> {
      await db<TopUpRow>('top_ups')
        .insert({
          id: topUp.topUpId,
          user_id: topUp.userId,
          status: 'PENDING',
          amount: topUp.amount,
          currency: topUp.currency,
          gateway: topUp.gateway,
          payment_key: topUp.paymentKey,
        })
        .onConflict('id')
        .ignore();
    },

    /** @returns false where it has failed before: its points must not be credited then */
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

    /** @returns the status after it: SUCCEEDED where the points were credited before */
    async fail(topUpId: string, reason: string): Promise<TopUpStatus | null> {
      await db<TopUpRow>('top_ups')
        .where({ id: topUpId, status: 'PENDING' })
        .update({ status: 'FAILED', reason });
      const row = await db<TopUpRow>('top_ups').where({ id: topUpId }).first('status');
      return row?.status ?? null;
    },

    /** Nothing of this failed top-up is taken any more. */
    async markUndone(topUpId: string): Promise<void> {
      await db<TopUpRow>('top_ups')
        .where({ id: topUpId, status: 'FAILED' })
        .whereNull('undone_at')
        .update({ undone_at: db.fn.now() });
    },

    async find(topUpId: string): Promise<TopUp | null> {
      const row = await db<TopUpRow>('top_ups').where({ id: topUpId }).first();
      if (!row) return null;
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
        createdAt: row.created_at,
      };
    },
  };
}
