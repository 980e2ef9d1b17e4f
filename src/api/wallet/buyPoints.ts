import type { Knex } from 'knex';
import { isGrpcDeadlineError, WorkflowFailedError } from '@temporalio/client';
import { createTopUpStore, type NewTopUp, type TopUpStore } from '../../db/topUpStore';
import { Problem } from '../../domain/problems';
import { refuseUsedKey } from '../payments/usedPaymentKeys';
import type { TopUpWorkflows } from './topUpWorkflows';

/** A top-up that succeeded. */
export interface BoughtPoints {
  topUpId: string;
  amount: number;
  status: 'SUCCEEDED';
  /** Of the wallet, right after this top-up. */
  balance: number;
}

export interface BuyPointsDependencies {
  topUps: TopUpStore;
  workflows: TopUpWorkflows;
}

/** The path of a top-up: the API records it, and its workflow charges the card and credits the points. */
export function createBuyPoints({ topUps, workflows }: BuyPointsDependencies) {
  /** @throws {Problem} payment-failed; temporarily-unavailable where the outcome is not known yet */
  return async function buyPoints(requested: NewTopUp): Promise<BoughtPoints> {
    const { topUpId, amount } = requested;
    const topUp = await topUps.request(requested).catch(refuseUsedKey);
    try {
      const result = await workflows.make(topUp);
      if (result.status === 'FAILED') throw failure(result.reason);
      return { topUpId, amount, status: 'SUCCEEDED', balance: result.balance };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError) && !isGrpcDeadlineError(error)) throw error;
      const withdrawn = await topUps.withdraw(topUpId);
      const detail = withdrawn ? 'Nothing was charged.' : 'The outcome of the charge is not known yet.';
      throw new Problem('temporarily-unavailable', detail);
    }
  };
}

/**
 * What a top-up has come to for good, as Postgres has it.
 *
 * @returns null where none is recorded under this id, or its outcome is not known yet
 * @throws {Problem} payment-failed where it failed
 */
export async function readTopUp(db: Knex, topUpId: string): Promise<BoughtPoints | null> {
  const topUp = await createTopUpStore(db).find(topUpId);
  if (topUp?.status === 'FAILED') throw failure(topUp.reason);
  if (topUp?.status !== 'SUCCEEDED' || topUp.balanceAfter === null) return null;
  return { topUpId, amount: topUp.amount, status: 'SUCCEEDED', balance: topUp.balanceAfter };
}

function failure(reason: string | null): Problem {
  return new Problem('payment-failed', 'The card was not charged; nothing was taken.', { reason });
}
