import { createLedgerStore } from '../db/ledgerStore';
import { createTopUpStore } from '../db/topUpStore';
import type { ActivityDependencies } from './dependencies';

export interface CreditTopUpInput {
  topUpId: string;
  userId: string;
  amount: number;
  currency: string;
  gatewayPaymentId: string;
}

export function createTopUpActivities({ db }: ActivityDependencies) {
  return {
    /**
     * Books a charge that the gateway has approved as points in the wallet. Run again, it changes nothing.
     *
     * @returns the wallet's balance right after this top-up
     */
    async creditTopUp(input: CreditTopUpInput): Promise<number> {
      return db.transaction(async (transaction) => {
        const topUps = createTopUpStore(transaction);
        const { booked, balance } = await createLedgerStore(transaction).post({
          key: `top-up:${input.topUpId}`,
          kind: 'TOP_UP',
          currency: input.currency,
          paymentId: input.topUpId,
          wallet: { userId: input.userId, amount: input.amount },
          house: [{ account: 'gateway:clearing', amount: -input.amount }],
        });
        if (booked && balance !== null) {
          await topUps.insert({ ...input, balanceAfter: balance });
          return balance;
        }
        const earlier = await topUps.find(input.topUpId);
        if (!earlier) throw new Error(`top-up ${input.topUpId} is booked but has no row`);
        return earlier.balanceAfter;
      });
    },
  };
}
