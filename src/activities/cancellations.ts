import type { Knex } from 'knex';
import { createCancellationStore, type Cancellation } from '../db/cancellationStore';
import { createLedgerStore } from '../db/ledgerStore';
import { createPaymentStore } from '../db/paymentStore';
import { createRefundStore } from '../db/refundStore';
import { createReservationStore, type Reservation } from '../db/reservationStore';
import { cancellationTerms, notCancellable, type CancellationCause } from '../domain/cancellationTerms';
import type { PaymentAmount } from '../domain/money';
import { Problem } from '../domain/problems';
import type { ActivityDependencies } from './dependencies';
import { seatsChanged } from '../redis/seatsChanged';

export interface CancelReservationInput {
  reservationId: string;
  cause: CancellationCause;
  /** Whoever comes again with the same cause and id gets the same cancellation. */
  requestId: string | null;
  /** Milliseconds since 1970: when the cancellation was asked for, which decides about its fee. */
  acceptedAt: number;
}

/** What is certain since the commit. */
export interface Cancelled {
  scheduleId: string;
  userId: string;
  seatIds: string[];
  fee: number;
  /** Its points are back; its card part is still due. */
  refund: PaymentAmount;
}

export function createCancellationActivities(dependencies: ActivityDependencies) {
  const { db, seatClaim } = dependencies;
  return {
    /**
     * Cancels a reservation that was paid, in one transaction: tickets void, seats on sale again, points back in
     * the wallet, what is kept and what is due to the card booked. Run again, it answers what it has done.
     *
     * @throws {Problem} not-cancellable with a `reason`; reservation-not-found
     */
    async cancelReservation(input: CancelReservationInput): Promise<Cancelled> {
      const cancelled = await db.transaction((transaction) => cancel(transaction, input));
      const { scheduleId, seatIds } = cancelled;
      // After the commit: nobody hears of free seats before it is certain that they are.
      await seatsChanged(dependencies, scheduleId, () =>
        seatClaim.release(scheduleId, seatIds, input.reservationId),
      );
      return cancelled;
    },
  };
}

async function cancel(transaction: Knex.Transaction, input: CancelReservationInput): Promise<Cancelled> {
  const { reservationId, cause, requestId } = input;
  const reservations = createReservationStore(transaction);
  const cancellations = createCancellationStore(transaction);
  const locked = await reservations.lock(reservationId);
  if (!locked) throw new Problem('reservation-not-found', 'There is no reservation with this id.');
  const { reservation } = locked;
  const { scheduleId, userId } = reservation;
  const seats = (await reservations.seatsOf([reservationId])).get(reservationId) ?? [];
  const seatIds = seats.map((seat) => seat.seatId);

  const earlier = await cancellations.find(reservationId);
  if (earlier?.cause === cause && earlier.requestId === requestId) {
    return { scheduleId, userId, seatIds, fee: earlier.fee, refund: earlier.refund };
  }
  // A check-in under way is waited for, so that the facts tell of it; a later one finds the ticket void.
  await cancellations.lockTickets(reservationId);
  const facts = await cancellations.facts(reservationId);
  const cancelledAt = new Date(input.acceptedAt);
  const terms = facts && cancellationTerms(facts, cause, cancelledAt);
  if (!facts?.sale || !terms?.cancellable) throw notCancellable(terms?.reason ?? 'not-confirmed');

  const { rule, fee, bookingFeeRefund, refund } = terms;
  const { paymentId } = facts.sale;
  await cancellations.insert({
    reservationId,
    requestId,
    cause,
    rule,
    fee,
    bookingFeeRefund,
    refund,
    cancelledAt,
  });
  await reservations.move(reservationId, 'CANCELLED', cancelledAt);
  await reservations.releaseSoldSeats(reservationId, cancelledAt);
  await cancellations.voidTickets(reservationId);
  await giveBack(transaction, { reservation, paymentId, fee, bookingFeeRefund, refund, cancelledAt });
  await transaction('outbox').insert({
    kind: 'reservation-cancelled',
    payload: { reservationId, userId, cause },
  });
  return { scheduleId, userId, seatIds, fee, refund };
}

type Giving = Pick<Cancellation, 'fee' | 'bookingFeeRefund' | 'refund' | 'cancelledAt'> & {
  reservation: Reservation;
  paymentId: string;
};

/** The sale is taken back but for what is kept; the points are in the wallet at once, the card's part is due. */
async function giveBack(transaction: Knex.Transaction, giving: Giving): Promise<void> {
  const { reservation, paymentId, fee, bookingFeeRefund, refund, cancelledAt } = giving;
  const { reservationId, userId, amount } = reservation;
  await createLedgerStore(transaction).post({
    key: `cancellation:${reservationId}`,
    kind: 'CANCELLATION',
    currency: refund.currency,
    reservationId,
    paymentId,
    ...(refund.points > 0 ? { wallet: { userId, amount: refund.points } } : {}),
    house: [
      { account: 'house:revenue', amount: -amount.tickets },
      { account: 'house:booking-fees', amount: -bookingFeeRefund },
      { account: 'house:cancellation-fees', amount: fee },
      { account: 'house:refunds-due', amount: refund.card },
    ],
  });
  if (refund.card > 0) {
    const { card, currency } = refund;
    await createRefundStore(transaction).open(
      { reservationId, paymentId, amount: card, currency },
      cancelledAt,
    );
  } else if (refund.points > 0) {
    const whole = refund.total === amount.total;
    await createPaymentStore(transaction).markRefunded(paymentId, whole ? 'REFUNDED' : 'PARTIALLY_REFUNDED');
  }
}
