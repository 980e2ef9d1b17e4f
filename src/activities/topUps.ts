import { createLedgerStore } from '../db/ledgerStore';
import { createTopUpStore } from '../db/topUpStore';
import { Problem } from '../domain/problems';
import type { ChargeRequest } from '../gateways/gateway';
import type { ActivityDependencies } from './dependencies';

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
      try {
        await createTopUpStore(db).open(topUp);
      } catch (error) {
        if (
          error instanceof Error &&
          'constraint' in error &&
          error.constraint === 'one_top_up_per_payment_key'
        )
          throw new Problem('payment-failed', 'This payment key was used before.', {
            reason: 'payment-key-used',
          });
        throw error;
      }
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
      const result = await gateway.void(request, reason);
      if (result.outcome === 'unknown')
        throw new Error(`the gateway has not answered the void: ${result.reason}`);
      await db.transaction(async (transaction) => {
        if (result.returned > 0) {
          await createLedgerStore(transaction).post({
            key: `charge-voided:${topUpId}`,
            kind: 'CHARGE_VOIDED',
            currency: request.currency,
            paymentId: topUpId,
            house: [
              { account: 'gateway:clearing', amount: -result.returned },
              { account: 'gateway:clearing', amount: result.returned },
            ],
          });
        }
        await createTopUpStore(transaction).markUndone(topUpId);
      });
    },
  };
}
