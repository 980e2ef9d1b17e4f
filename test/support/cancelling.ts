import type { Activities } from '../../src/activities';
import type { CancellationDecision } from '../../src/activities/cancellations/cancellations';
import type { CancellationCause } from '../../src/domain/cancellations/cancellationTerms';
import type { Fixture } from './fixture';

/** Makes a cancellation step by step, as the workflow does. */
export interface Cancelling {
  /** Requests a cancellation and decides it. */
  cancel(
    reservationId: string,
    cause?: CancellationCause,
  ): Promise<{ cancellationId: string; decision: CancellationDecision }>;
  /** Refunds the card with an attempt that succeeds, and books the refund. */
  refund(cancellationId: string, attempt?: number): Promise<void>;
}

export function createCancelling(
  { requestCancellation }: Pick<Fixture, 'requestCancellation'>,
  activities: Activities,
): Cancelling {
  return {
    async cancel(reservationId, cause = 'ORGANISER') {
      const cancellationId = await requestCancellation(reservationId, cause);
      return { cancellationId, decision: await activities.cancelReservation(cancellationId) };
    },
    async refund(cancellationId, attempt = 1) {
      const outcome = await activities.refundCard({ cancellationId, attempt });
      if (outcome.outcome !== 'refunded') throw new Error(`the refund is ${outcome.outcome}`);
      const { gatewayRefundId, refundedAt } = outcome;
      await activities.completeRefund({ cancellationId, attempt, gatewayRefundId, refundedAt });
    },
  };
}
