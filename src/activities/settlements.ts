import { createPaymentStore } from '../db/paymentStore';
import { createReservationStore } from '../db/reservationStore';
import { createTopUpStore, type TopUp } from '../db/topUpStore';
import type { ChargeRequest } from '../gateways/gateway';
import type { ChargeSettlementInput } from '../workflows/messages';
import type { ActivityDependencies } from './dependencies';
import { stepOf, type PaymentStep } from './payments';

/** How an attempt to charge a card stands in Postgres. OPEN: its workflow is about it. SOLD: it bought something. */
export type AttemptState =
  | { kind: 'PAYMENT'; state: 'OPEN' | 'SOLD' | 'FAILED'; payment: PaymentStep }
  | { kind: 'TOP_UP'; state: 'OPEN' | 'SOLD' | 'FAILED'; charge: ChargeRequest }
  | { kind: 'NONE' };

export function createSettlementActivities({ db }: ActivityDependencies) {
  return {
    /** Reads the attempt that a charge belongs to. */
    async readAttempt({ kind, attemptId }: ChargeSettlementInput): Promise<AttemptState> {
      if (kind === 'TOP_UP') {
        const topUp = await createTopUpStore(db).find(attemptId);
        if (!topUp) return { kind: 'NONE' };
        return { kind, state: TOP_UP_STATES[topUp.status], charge: chargeOfTopUp(topUp) };
      }
      const payment = await createPaymentStore(db).find(attemptId);
      const reservation = payment && (await createReservationStore(db).find(payment.reservationId));
      if (!payment || !reservation) return { kind: 'NONE' };
      return {
        kind,
        state: PAYMENT_STATES[payment.status],
        payment: stepOf(payment, reservation.scheduleId),
      };
    },
  };
}

const PAYMENT_STATES = {
  PENDING: 'OPEN',
  SETTLING: 'OPEN',
  SUCCEEDED: 'SOLD',
  REFUNDED: 'SOLD',
  PARTIALLY_REFUNDED: 'SOLD',
  FAILED: 'FAILED',
} as const;

const TOP_UP_STATES = { PENDING: 'OPEN', SUCCEEDED: 'SOLD', FAILED: 'FAILED' } as const;

function chargeOfTopUp(topUp: TopUp): ChargeRequest {
  const { topUpId, userId, amount, currency, paymentKey, createdAt } = topUp;
  return {
    idempotencyKey: topUpId,
    orderId: topUpId,
    payerId: userId,
    amount,
    currency,
    ...(paymentKey === null ? {} : { paymentKey }),
    description: `Top-up ${topUpId}`,
    requestedAt: createdAt.getTime(),
  };
}
