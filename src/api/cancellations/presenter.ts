import type { RecordedCancellation } from '../../db/cancellationStore';
import type { CancellationView } from './schema';

export function presentCancellation(cancellation: RecordedCancellation): CancellationView {
  const { cause, rule, fee, bookingFeeRefund, refund, cardRefund, cancelledAt } = cancellation;
  return {
    cause,
    rule,
    fee,
    bookingFeeRefund,
    refund,
    refundStatus: cardRefund?.status ?? 'DONE',
    cancelledAt: cancelledAt.toISOString(),
  };
}
