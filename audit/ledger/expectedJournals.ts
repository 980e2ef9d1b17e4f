import { clearingOf, type JournalKind } from './accounts';

/** One entry of a journal. */
export interface Line {
  account: string;
  /** In whole currency units. Positive: into the account. */
  amount: number;
}

/** A journal that a purchase must have, or may have. */
export interface ExpectedJournal {
  key: string;
  kind: JournalKind;
  /**
   * Null if the gateway decided the amount: the journal moves money between lines of the gateway's clearing account.
   */
  lines: Line[] | null;
  /** True if the journal depends on what the gateway had done. */
  optional?: boolean;
}

/** An attempt to pay a reservation, with the outcome of the sale. Amounts are in whole currency units. */
export interface AuditedPayment {
  kind: 'PAYMENT';
  id: string;
  state: 'OPEN' | 'PAID' | 'FAILED';
  userId: string;
  currency: string;
  /** The name of the gateway that the card part was charged through. */
  gateway: string;
  points: number;
  card: number;
  reservation: { id: string; tickets: number; bookingFee: number };
  /** Empty if no seat of the sale was cancelled. */
  cancellations: readonly AuditedCancellation[];
  /** Whether its points were ever taken. An attempt may fail before or after that. */
  pointsTaken: boolean;
}

/**
 * A cancellation of some seats of a sale, or of all. `tickets` is the price of these seats. `points` and `card` are
 * refunded.
 */
export interface AuditedCancellation {
  id: string;
  tickets: number;
  fee: number;
  bookingFeeRefund: number;
  points: number;
  card: number;
  /** Null if no refund to a card is due. */
  refund: { amount: number; done: boolean } | null;
}

/** Points bought by card. */
export interface AuditedTopUp {
  kind: 'TOP_UP';
  id: string;
  state: 'OPEN' | 'PAID' | 'FAILED';
  userId: string;
  currency: string;
  /** The name of the gateway that charged it. */
  gateway: string;
  amount: number;
}

export type Purchase = AuditedPayment | AuditedTopUp;

/** Returns all journals that the ledger must have for a purchase. It must have no others. */
export function expectedJournals(purchase: Purchase): ExpectedJournal[] {
  return purchase.kind === 'TOP_UP' ? ofTopUp(purchase) : ofPayment(purchase);
}

function ofTopUp({ id, state, userId, gateway, amount }: AuditedTopUp): ExpectedJournal[] {
  if (state === 'OPEN') return [];
  if (state === 'FAILED') return [chargeVoided(id)];
  const lines = [
    { account: walletOf(userId), amount },
    { account: clearingOf(gateway), amount: -amount },
  ];
  return [{ key: `top-up:${id}`, kind: 'TOP_UP', lines }];
}

function ofPayment(payment: AuditedPayment): ExpectedJournal[] {
  const { id, state, points, pointsTaken } = payment;
  const taken = points > 0 ? [pointsMoved(payment, 'POINTS_TAKEN')] : [];
  if (state === 'OPEN') return taken;
  if (state === 'PAID') {
    return [...taken, sale(payment), ...payment.cancellations.flatMap((one) => afterSale(payment, one))];
  }
  const undone = pointsTaken ? [...taken, pointsMoved(payment, 'POINTS_RETURNED')] : [];
  return [...undone, chargeVoided(id)];
}

function pointsMoved(
  { id, userId, points }: AuditedPayment,
  kind: 'POINTS_TAKEN' | 'POINTS_RETURNED',
): ExpectedJournal {
  const [key, intoWallet] =
    kind === 'POINTS_TAKEN' ? [`points-taken:${id}`, -points] : [`points-returned:${id}`, points];
  const lines = [
    { account: walletOf(userId), amount: intoWallet },
    { account: 'house:pending', amount: -intoWallet },
  ];
  return { key, kind, lines };
}

function sale({ id, gateway, points, card, reservation }: AuditedPayment): ExpectedJournal {
  const lines = [
    { account: 'house:pending', amount: -points },
    { account: clearingOf(gateway), amount: -card },
    { account: 'house:revenue', amount: reservation.tickets },
    { account: 'house:booking-fees', amount: reservation.bookingFee },
  ];
  return { key: `sale:${id}`, kind: 'SALE', lines };
}

function afterSale(
  { userId, gateway }: AuditedPayment,
  cancellation: AuditedCancellation,
): ExpectedJournal[] {
  const { refund } = cancellation;
  const cancelled: ExpectedJournal = {
    key: `cancellation:${cancellation.id}`,
    kind: 'CANCELLATION',
    lines: [
      { account: walletOf(userId), amount: cancellation.points },
      { account: 'house:revenue', amount: -cancellation.tickets },
      { account: 'house:booking-fees', amount: -cancellation.bookingFeeRefund },
      { account: 'house:cancellation-fees', amount: cancellation.fee },
      { account: 'house:refunds-due', amount: cancellation.card },
    ],
  };
  if (!refund?.done) return [cancelled];
  const lines = [
    { account: 'house:refunds-due', amount: -refund.amount },
    { account: clearingOf(gateway), amount: refund.amount },
  ];
  return [cancelled, { key: `card-refunded:${cancellation.id}`, kind: 'CARD_REFUNDED', lines }];
}

/** For an attempt whose charge the gateway had taken before the attempt failed. */
const chargeVoided = (id: string): ExpectedJournal => ({
  key: `charge-voided:${id}`,
  kind: 'CHARGE_VOIDED',
  lines: null,
  optional: true,
});

const walletOf = (userId: string): string => `wallet:${userId}`;
