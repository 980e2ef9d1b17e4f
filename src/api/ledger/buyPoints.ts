import { isGrpcDeadlineError, WorkflowFailedError } from '@temporalio/client';
import type { NewTopUp, TopUpStore } from '../../db/ledger/topUpStore';
import type { Stores } from '../../db/stores';
import { CURRENCY } from '../../domain/money';
import { Problem } from '../../domain/problems';
import type { PaymentGateway } from '../../domain/payments/gateway';
import { requirePaymentKey } from '../payments/requirePaymentKey';
import { refuseUsedKey } from '../payments/usedPaymentKeys';
import type { TopUpWorkflows } from './topUpWorkflows';

/** A top-up that succeeded. */
export interface BoughtPoints {
  topUpId: string;
  amount: number;
  status: 'SUCCEEDED';
  /** The balance of the wallet right after this top-up. */
  balance: number;
}

/** A top-up that a client asks for. */
export type TopUpRequest = Pick<NewTopUp, 'topUpId' | 'userId' | 'amount'> & {
  paymentKey: string | undefined;
};

export interface BuyPointsDependencies {
  /** Takes new payments. */
  gateway: Pick<PaymentGateway, 'name' | 'needsPaymentKey'>;
  topUps: TopUpStore;
  workflows: TopUpWorkflows;
}

/** The path of a top-up: the API records it, and its workflow charges the card and credits the points. */
export function createBuyPoints({ gateway, topUps, workflows }: BuyPointsDependencies) {
  /** @throws {Problem} payment-failed, validation-failed; temporarily-unavailable if the outcome is not known yet */
  return async function buyPoints(request: TopUpRequest): Promise<BoughtPoints> {
    const { topUpId, userId, amount, paymentKey } = request;
    await requirePaymentKey(gateway, paymentKey, async () => topUps.find(topUpId));
    const topUp = await topUps
      .request({
        topUpId,
        userId,
        amount,
        currency: CURRENCY,
        paymentKey: paymentKey ?? null,
        gateway: gateway.name,
      })
      .catch(refuseUsedKey);
    try {
      const result = await workflows.make(topUp);
      if (result.status === 'SUCCEEDED')
        return { topUpId, amount, status: 'SUCCEEDED', balance: result.balance };
      // The run has refused an earlier request of the same top-up, which was withdrawn. No step of this request has
      // begun.
      if (await topUps.withdraw(topUpId)) throw notCharged();
      throw failure(result.reason);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError) && !isGrpcDeadlineError(error)) throw error;
      const withdrawn = await topUps.withdraw(topUpId);
      if (withdrawn) throw notCharged();
      throw new Problem('temporarily-unavailable', 'The outcome of the charge is not known yet.');
    }
  };
}

/**
 * Reads the final outcome of a top-up from Postgres.
 *
 * @returns null if no top-up is recorded under this id, or its outcome is not known yet
 * @throws {Problem} payment-failed if it failed
 */
export async function readTopUp({ topUps }: Stores, topUpId: string): Promise<BoughtPoints | null> {
  const topUp = await topUps.find(topUpId);
  if (topUp?.status === 'FAILED') throw failure(topUp.reason);
  if (topUp?.status !== 'SUCCEEDED' || topUp.balanceAfter === null) return null;
  return { topUpId, amount: topUp.amount, status: 'SUCCEEDED', balance: topUp.balanceAfter };
}

const notCharged = () => new Problem('temporarily-unavailable', 'Nothing was charged.');

function failure(reason: string | null): Problem {
  return new Problem('payment-failed', 'The card was not charged; nothing was taken.', { reason });
}
