import { createPaymentStore } from '../db/paymentStore';
import { createReservationStore } from '../db/reservationStore';
import { createTopUpStore } from '../db/topUpStore';
import { ATTEMPT_STATES } from '../domain/attemptState';
import { chargeOfTopUp } from '../gateways/chargeRequest';
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
        const charge = chargeOfTopUp({ ...topUp, requestedAt: topUp.createdAt.getTime() });
        return { kind, state: STATES[ATTEMPT_STATES[topUp.status]], charge };
      }
      const payment = await createPaymentStore(db).find(attemptId);
      const reservation = payment && (await createReservationStore(db).find(payment.reservationId));
      if (!payment || !reservation) return { kind: 'NONE' };
      return {
        kind,
        state: STATES[ATTEMPT_STATES[payment.status]],
        payment: stepOf(payment, reservation.scheduleId),
      };
    },
  };
}

/** By what the settlement asks: whether the charge may stay. */
const STATES = { OPEN: 'OPEN', PAID: 'SOLD', FAILED: 'FAILED' } as const;
