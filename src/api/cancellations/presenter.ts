import type { RecordedCancellation } from '../../db/cancellations/cancellationStore';
import type { PaymentAmount } from '../../domain/money';
import type { CancellationView } from './schema';

export function presentCancellation(cancellation: RecordedCancellation): CancellationView {
  return sumUp([cancellation], cancellation);
}

/**
 * Presents several cancellations of one reservation, oldest first, as one. Seats and amounts are those of all; cause,
 * rule and time are those of the last one.
 */
export function presentCancellations(
  cancellations: readonly RecordedCancellation[],
): CancellationView | undefined {
  const last = cancellations.at(-1);
  return last && sumUp(cancellations, last);
}

function sumUp(cancellations: readonly RecordedCancellation[], last: RecordedCancellation): CancellationView {
  const isPending = cancellations.some(({ cardRefund }) => cardRefund?.status === 'PENDING');
  return {
    cause: last.cause,
    rule: last.rule,
    cancelledSeatIds: cancellations.flatMap(({ seatIds }) => seatIds),
    fee: sum(cancellations.map(({ fee }) => fee)),
    bookingFeeRefund: sum(cancellations.map(({ bookingFeeRefund }) => bookingFeeRefund)),
    refund: cancellations.map(({ refund }) => refund).reduce(add),
    refundStatus: isPending ? 'PENDING' : 'DONE',
    cancelledAt: last.cancelledAt.toISOString(),
  };
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function add(a: PaymentAmount, b: PaymentAmount): PaymentAmount {
  const { currency } = a;
  return { points: a.points + b.points, card: a.card + b.card, total: a.total + b.total, currency };
}
