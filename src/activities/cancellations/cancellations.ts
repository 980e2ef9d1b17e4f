import { inTransaction, type Stores } from '../../db/stores';
import type { Cancellation, RecordedCancellation } from '../../db/cancellations/cancellationStore';
import { cancellationTerms, type NotCancellableReason } from '../../domain/cancellations/cancellationTerms';
import type { PaymentAmount } from '../../domain/money';
import { PermanentError } from '../../domain/permanentError';
import type { ActivityDependencies } from '../dependencies';
import { seatsChanged } from '../../redis/catalogue/seatsChanged';

/** The decision about a request. NOT_REQUESTED: there is no request, or it was withdrawn; nothing was done. */
export type CancellationDecision =
  | ({ status: 'CANCELLED' } & Cancelled)
  | { status: 'REFUSED'; reason: NotCancellableReason }
  | { status: 'NOT_REQUESTED' };

/** The result, which is certain after the commit. */
export interface Cancelled {
  reservationId: string;
  fee: number;
  /** Its points are in the wallet already. */
  refund: PaymentAmount;
  /** The number of the next try to refund the card; null if nothing is due to the card any more. */
  nextRefund: number | null;
}

export function createCancellationActivities(dependencies: ActivityDependencies) {
  const { db, seatClaim } = dependencies;
  return {
    /**
     * Decides about a request, in one transaction. If it accepts, it voids the tickets, puts the seats back on sale,
     * returns the points to the wallet, and books what is kept and what is due to the card. If it refuses, it changes
     * nothing else. If it runs again, it returns the first decision.
     */
    async cancelReservation(cancellationId: string): Promise<CancellationDecision> {
      const { decision, freed } = await inTransaction(db, async (stores) => decide(stores, cancellationId));
      if (freed) {
        const { scheduleId, reservationId, seatIds } = freed;
        // After the commit: no client learns of free seats before they are certainly free.
        await seatsChanged(dependencies, scheduleId, () =>
          seatClaim.release(scheduleId, seatIds, reservationId),
        );
      }
      return decision;
    },
  };
}

interface Decided {
  decision: CancellationDecision;
  freed: { scheduleId: string; reservationId: string; seatIds: string[] } | null;
}

async function decide(stores: Stores, cancellationId: string): Promise<Decided> {
  const requests = stores.cancellationRequests;
  const { cancellations } = stores;
  const request = await requests.lock(cancellationId);
  if (!request || request.status === 'WITHDRAWN') {
    return { decision: { status: 'NOT_REQUESTED' }, freed: null };
  }
  const { reservationId, cause, seatIds: asked, status, requestedAt: cancelledAt } = request;
  if (status === 'REFUSED') return refused(request.reason ?? 'not-confirmed');

  const { reservations } = stores;
  const locked = await reservations.lock(reservationId);
  if (!locked) throw new PermanentError(`cancellation ${cancellationId} has no reservation`);
  const { userId, scheduleId } = locked.reservation;
  const free = (seatIds: string[]) => ({ scheduleId, reservationId, seatIds });
  if (status === 'ACCEPTED') {
    const earlier = await cancellations.find(cancellationId);
    if (!earlier) throw new PermanentError(`cancellation ${cancellationId} is accepted without a record`);
    return { decision: decidedBefore(earlier), freed: free(earlier.seatIds) };
  }

  // Waits for a check-in that is under way, so that the facts include it. A later check-in finds the ticket void.
  await cancellations.lockTickets(reservationId);
  const facts = await cancellations.facts(reservationId, asked);
  const terms = facts && cancellationTerms(facts, cause, cancelledAt);
  if (!facts?.sale || !terms?.cancellable) {
    const reason = terms?.reason ?? 'not-confirmed';
    await requests.refuse(cancellationId, reason);
    return refused(reason);
  }
  const { rule, fee, bookingFeeRefund, refund } = terms;
  const { seatIds, whole, bookingFee } = facts;
  const { paymentId, paid } = facts.sale;
  const cancellation = {
    cancellationId,
    reservationId,
    cause,
    seatIds,
    tickets: paid.total - bookingFee,
    bookingFee,
    whole,
    rule,
    fee,
    bookingFeeRefund,
    refund,
    cancelledAt,
  };
  await requests.accept(cancellationId, refund.card === 0);
  await cancellations.insert(cancellation);
  if (whole) await reservations.move(reservationId, 'CANCELLED', cancelledAt);
  await reservations.releaseSoldSeats(reservationId, seatIds, cancelledAt);
  await cancellations.voidTickets(reservationId, seatIds);
  await bookCancellation(stores, cancellation, { userId, paymentId });
  await stores.outbox.add('reservation-cancelled', { reservationId, userId, cause, seatIds, whole });
  const nextRefund = refund.card > 0 ? 1 : null;
  return {
    decision: { status: 'CANCELLED', reservationId, fee, refund, nextRefund },
    freed: free(seatIds),
  };
}

function refused(reason: NotCancellableReason): Decided {
  return { decision: { status: 'REFUSED', reason }, freed: null };
}

function decidedBefore({
  reservationId,
  fee,
  refund,
  cardRefund,
}: RecordedCancellation): CancellationDecision {
  const nextRefund = cardRefund?.status === 'PENDING' ? cardRefund.nextAttempt : null;
  return { status: 'CANCELLED', reservationId, fee, refund, nextRefund };
}

/**
 * Books the end of the sale of these seats, except for what is kept. The points are in the wallet at once; the card's
 * part is due.
 */
async function bookCancellation(
  stores: Stores,
  cancellation: Cancellation,
  { userId, paymentId }: { userId: string; paymentId: string },
): Promise<void> {
  const { cancellationId, reservationId, tickets, fee, bookingFeeRefund, refund, cancelledAt } = cancellation;
  await stores.ledger.post({
    key: `cancellation:${cancellationId}`,
    kind: 'CANCELLATION',
    currency: refund.currency,
    reservationId,
    paymentId,
    ...(refund.points > 0 ? { wallet: { userId, amount: refund.points } } : {}),
    house: [
      { account: 'house:revenue', amount: -tickets },
      { account: 'house:booking-fees', amount: -bookingFeeRefund },
      { account: 'house:cancellation-fees', amount: fee },
      { account: 'house:refunds-due', amount: refund.card },
    ],
  });
  if (refund.card > 0) {
    const { card, currency } = refund;
    await stores.refunds.open(
      { cancellationId, reservationId, paymentId, amount: card, currency },
      cancelledAt,
    );
  } else if (refund.points > 0) {
    await stores.payments.markRefunded(paymentId);
  }
}
