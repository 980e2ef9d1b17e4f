import type { Knex } from 'knex';

/** Points bought through the gateway. */
export interface TopUp {
  topUpId: string;
  userId: string;
  amount: number;
  currency: string;
  gatewayPaymentId: string;
  /** The wallet right after it, as the client was told. */
  balanceAfter: number;
}

interface TopUpRow {
  id: string;
  user_id: string;
  amount: number;
  currency: string;
  gateway_payment_id: string;
  balance_after: number;
}

export function createTopUpStore(db: Knex) {
  return {
    async insert(topUp: TopUp): Promise<void> {
      await db<TopUpRow>('top_ups').insert({
        id: topUp.topUpId,
        user_id: topUp.userId,
        amount: topUp.amount,
        currency: topUp.currency,
        gateway_payment_id: topUp.gatewayPaymentId,
        balance_after: topUp.balanceAfter,
      });
    },

    async find(topUpId: string): Promise<TopUp | null> {
      const row = await db<TopUpRow>('top_ups').where({ id: topUpId }).first();
      if (!row) return null;
      return {
        topUpId: row.id,
        userId: row.user_id,
        amount: row.amount,
        currency: row.currency,
        gatewayPaymentId: row.gateway_payment_id,
        balanceAfter: row.balance_after,
      };
    },
  };
}
