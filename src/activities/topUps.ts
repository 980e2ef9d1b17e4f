import { createLedgerStore } from '../db/ledgerStore';
import { createTopUpStore } from '../db/topUpStore';
import type { ChargeRequest } from '../gateways/gateway';
import { bookVoid, voidAtGateway } from './chargeVoids';
import type { ActivityDependencies } from './dependencies';
import { refuseUsedKey } from './usedPaymentKeys';

export interface CreditTopUpInput {
  topUpId: string;
  userId: string;
  amount: number;
  currency: string;
  gatewayPaymentId: string;
}

export function createTopUpActivities({ db, gateway }: ActivityDependencies) {
  return {
    /**
     * Records a top-up before its card is charged. Run again, it changes nothing.
     *
     * @throws {Problem} payment-failed where the payment key was used before
     */
    async openTopUp(request: ChargeRequest): Promise<void> {
      const { idempotencyKey: topUpId, payerId: userId, amount, currency, paymentKey = null } = request;
      const topUp = { topUpId, userId, amount, currency, paymentKey, gateway: gateway.name };
      await createTopUpStore(db).open(topUp).catch(refuseUsedKey);
    },

    /**
     * Books a charge that the gateway has approved as points in the wallet. Run again, it changes nothing.
     *
     * @returns the wallet's balance right after this top-up
     */
    async creditTopUp(input: CreditTopUpInput): Promise<number> {
      const { topUpId, userId, amount, currency, gatewayPaymentId } = input;
      return db.transaction(async (transaction) => {
        const topUps = createTopUpStore(transaction);
        const { booked, balance } = await createLedgerStore(transaction).post({
          key: `top-up:${topUpId}`,
          kind: 'TOP_UP',
          currency,
          paymentId: topUpId,
          wallet: { userId, amount },
          house: [{ account: 'gateway:clearing', amount: -amount }],
        });
        if (booked && balance !== null) {
          if (await topUps.succeed(topUpId, { gatewayPaymentId, balanceAfter: balance })) return balance;
          throw new Error(`top-up ${topUpId} is not open`);
        }
        const earlier = await topUps.find(topUpId);
        const balanceThen = earlier?.balanceAfter ?? null;
        if (balanceThen === null) throw new Error(`top-up ${topUpId} is booked but not credited`);
        return balanceThen;
      });
    },

    /** Closes a top-up that bought nothing. `mayBeCharged`: it counts as undone only once that is given back. */
    async failTopUp(topUpId: string, reason: string, mayBeCharged: boolean): Promise<void> {
      const topUps = createTopUpStore(db);
      await topUps.fail(topUpId, reason);
      if (!mayBeCharged) await topUps.markUndone(topUpId);
    },

    /**
     * Gives back whatever a top-up that failed has charged, and books it. Does nothing where it succeeded.
     *
     * @throws until the gateway has said so; its caller retries without end
     */
    async giveBackTopUp(request: ChargeRequest, reason: string): Promise<void> {
      const topUpId = request.idempotencyKey;
      if ((await createTopUpStore(db).fail(topUpId, reason)) !== 'FAILED') return;
      const returned = await voidAtGateway(gateway, request, reason);
      await db.transaction(async (transaction) => {
        await bookVoid(transaction, { attemptId: topUpId, currency: request.currency }, returned);
        await createTopUpStore(transaction).markUndone(topUpId);
      });
    },
  };
}
