import { inTransaction } from '../../db/stores';
import { clearingOf } from '../../db/ledger/ledgerStore';
import { createTopUpStore, type TopUp } from '../../db/ledger/topUpStore';
import { PermanentError } from '../../domain/permanentError';
import { Problem } from '../../domain/problems';
import { chargeOfTopUp } from '../../gateways/chargeRequest';
import type { ChargeRequest } from '../../domain/payments/gateway';
import { bookVoid, voidAtGateway } from '../payments/chargeVoids';
import type { ActivityDependencies } from '../dependencies';

export interface CreditTopUpInput {
  topUpId: string;
  gatewayPaymentId: string;
}

/** The outcome of closing a top-up. */
export type ClosedTopUp = { status: 'FAILED' } | { status: 'SUCCEEDED'; balance: number };

/** Each step gets the id of the top-up. The row that the API has written says who pays, and how much. */
export function createTopUpActivities({ db, gateways }: ActivityDependencies) {
  return {
    /**
     * Opens a top-up before its card is charged. If it runs again, it changes nothing.
     *
     * @throws {Problem} payment-failed if the top-up was closed or withdrawn before, or if no request for it is
     *   recorded
     */
    async openTopUp(topUpId: string): Promise<ChargeRequest> {
      const topUp = await createTopUpStore(db).open(topUpId);
      if (!topUp) throw notOpen('unknown-top-up');
      if (topUp.status === 'WITHDRAWN') throw notOpen('withdrawn');
      if (topUp.status === 'FAILED') throw notOpen(topUp.reason);
      return chargeOf(topUp);
    },

    /**
     * Books a charge that the gateway has approved as points in the wallet. If it runs again, it changes nothing.
     *
     * @returns the wallet's balance right after this top-up
     * @throws {Problem} payment-failed if the top-up was closed before: its charge must be refunded
     */
    async creditTopUp({ topUpId, gatewayPaymentId }: CreditTopUpInput): Promise<number> {
      return inTransaction(db, async (stores) => {
        const { topUps } = stores;
        const topUp = await topUps.find(topUpId);
        if (!topUp) throw notOpen('unknown-top-up');
        const { userId, amount, currency, gateway } = topUp;
        const { booked, balance } = await stores.ledger.post({
          key: `top-up:${topUpId}`,
          kind: 'TOP_UP',
          currency,
          paymentId: topUpId,
          wallet: { userId, amount },
          house: [{ account: clearingOf(gateway), amount: -amount }],
        });
        if (booked && balance !== null) {
          if (await topUps.succeed(topUpId, { gatewayPaymentId, balanceAfter: balance })) return balance;
          throw notOpen('undone');
        }
        const earlier = await topUps.find(topUpId);
        const balanceThen = earlier?.balanceAfter ?? null;
        if (balanceThen === null) throw new PermanentError(`top-up ${topUpId} is booked but not credited`);
        return balanceThen;
      });
    },

    /**
     * Closes a top-up that bought nothing. With `mayBeCharged`, it counts as undone only once its charge is refunded.
     *
     * @returns SUCCEEDED if another run of the step had credited it: then nothing was closed
     */
    async failTopUp(topUpId: string, reason: string, mayBeCharged: boolean): Promise<ClosedTopUp> {
      const topUp = await createTopUpStore(db).fail(topUpId, reason, mayBeCharged);
      if (topUp?.status === 'SUCCEEDED') return { status: 'SUCCEEDED', balance: topUp.balanceAfter ?? 0 };
      return { status: 'FAILED' };
    },

    /**
     * Refunds or voids any charge of a failed top-up, and books that. Does nothing if the top-up succeeded.
     *
     * @throws until the gateway has confirmed it; its caller retries without end
     */
    async giveBackTopUp(topUpId: string, reason: string): Promise<void> {
      const topUp = await createTopUpStore(db).fail(topUpId, reason, true);
      if (topUp?.status !== 'FAILED') return;
      const returned = await voidAtGateway(gateways, chargeOf(topUp), reason);
      await inTransaction(db, async (stores) => {
        await bookVoid(stores, { attemptId: topUpId, ...topUp }, returned);
        await stores.topUps.markUndone(topUpId);
      });
    },
  };
}

function chargeOf(topUp: TopUp): ChargeRequest {
  return chargeOfTopUp({ ...topUp, requestedAt: topUp.createdAt.getTime() });
}

function notOpen(reason: string | null): Problem {
  return new Problem('payment-failed', 'The top-up was closed.', { reason });
}
