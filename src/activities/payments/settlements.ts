import { createPaymentStore } from '../../db/payments/paymentStore';
import { createTopUpStore } from '../../db/ledger/topUpStore';
import { ATTEMPT_STATES, hasBegun } from '../../domain/payments/attemptState';
import type { ChargeSettlementInput } from '../../contract/payments';
import type { ActivityDependencies } from '../dependencies';

/**
 * The state of an attempt to charge a card in Postgres. OPEN: its own workflow handles it. SOLD: it bought something.
 */
export type AttemptState =
  | { kind: 'PAYMENT'; state: 'OPEN' | 'SOLD' | 'FAILED'; reservationId: string; hasCard: boolean }
  | { kind: 'TOP_UP'; state: 'OPEN' | 'SOLD' | 'FAILED' }
  | { kind: 'NONE' };

export function createSettlementActivities({ db }: ActivityDependencies) {
  return {
    /** Reads the attempt that a charge belongs to. */
    async readAttempt({ kind, attemptId }: ChargeSettlementInput): Promise<AttemptState> {
      if (kind === 'TOP_UP') {
        const topUp = await createTopUpStore(db).find(attemptId);
        if (!topUp || !hasBegun(topUp.status)) return { kind: 'NONE' };
        return { kind, state: STATES[ATTEMPT_STATES[topUp.status]] };
      }
      const payment = await createPaymentStore(db).find(attemptId);
      if (!payment || !hasBegun(payment.status)) return { kind: 'NONE' };
      const { status, reservationId, amount } = payment;
      return { kind, state: STATES[ATTEMPT_STATES[status]], reservationId, hasCard: amount.card > 0 };
    },
  };
}

/** The states as the settlement needs them: may the charge stay? */
const STATES = { OPEN: 'OPEN', PAID: 'SOLD', FAILED: 'FAILED' } as const;
