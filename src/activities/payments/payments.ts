import { inTransaction, storesOf, type Stores } from '../../db/stores';
import type { OpenedAttempt } from '../../db/payments/paymentSteps';
import { createPaymentStore, type Payment, type PaymentStatus } from '../../db/payments/paymentStore';
import { createReservationTickets, type Ticket } from '../../db/tickets/reservationTickets';
import { showCancelled } from '../../domain/reservations/holdRules';
import { insufficientPoints, type PaymentAmount } from '../../domain/money';
import { PermanentError } from '../../domain/permanentError';
import { Problem } from '../../domain/problems';
import { chargeOfPayment } from '../../gateways/chargeRequest';
import type { ChargeRequest } from '../../domain/payments/gateway';
import { seatsChanged } from '../../redis/catalogue/seatsChanged';
import { confirm, type ConfirmInput } from './confirmation';
import type { ActivityDependencies } from '../dependencies';

/** An attempt to pay that has begun. */
export interface OpenedPayment {
  amount: PaymentAmount;
  /** The charge of the card part; null if nothing is left for the card. */
  charge: ChargeRequest | null;
  /** Earlier attempts whose charge may still exist. A workflow may not know of them. */
  toGiveBack: string[];
}

export interface FailPaymentInput {
  paymentId: string;
  reason: string;
  /** The card may have been charged. The attempt then counts as undone only once the charge is refunded. */
  mayBeCharged: boolean;
}

/** The result of a successful attempt. */
export interface PaidOutcome {
  amount: PaymentAmount;
  /** ISO 8601. */
  approvedAt: string;
  tickets: Ticket[];
}

/** Each step gets the id of the attempt. The row that the API has written says what it pays, and how much. */
export function createPaymentActivities(dependencies: ActivityDependencies) {
  const { db, seatClaim } = dependencies;
  return {
    /**
     * Opens the attempt and takes the points, in one transaction. If it runs again, it changes nothing, whatever the
     * state of the attempt: a worker that died may have finished the attempt.
     *
     * @throws {Problem} insufficient-points; payment-in-progress if another attempt is open;
     *   reservation-already-confirmed or reservation-expired if the reservation is not HELD any more; sale-not-open if
     *   the show was cancelled; payment-failed if the attempt was closed or withdrawn before, or if no request for it
     *   is recorded
     */
    async openPayment(paymentId: string): Promise<OpenedPayment> {
      const stores = storesOf(db);
      const attempt = await stores.paymentSteps.open(paymentId);
      if (!attempt) throw closedBefore('unknown-payment');
      const { payment, toGiveBack } = attempt;
      switch (payment.status) {
        case 'REQUESTED':
          throw notPayable(attempt);
        case 'WITHDRAWN':
          throw closedBefore('withdrawn');
        case 'FAILED':
          throw await refusedBefore(stores, payment);
        default: {
          const charge = payment.amount.card > 0 ? chargeOf(payment) : null;
          return { amount: payment.amount, charge, toGiveBack };
        }
      }
    },

    /** The open attempt of a reservation in Postgres. A workflow may not know of it. */
    async findOpenPayment(reservationId: string): Promise<string | null> {
      const payment = await createPaymentStore(db).findOpen(reservationId);
      return payment?.paymentId ?? null;
    },

    /** Shows clients and operators that the outcome of this attempt is not known yet. */
    async markSettling(paymentId: string): Promise<void> {
      await inTransaction(db, async (stores) => {
        const marked = await stores.payments.markSettling(paymentId);
        if (marked) await stores.reservations.move(marked.reservationId, 'SETTLING');
      });
    },

    /**
     * Sets the reservation to CONFIRMED, sells the seats, issues the tickets, books the sale and writes the
     * notification, in one transaction. If it runs again, it returns the tickets that it issued.
     *
     * @throws {Problem} payment-failed if the attempt was closed as failed, or if the seats are gone
     */
    async confirmReservation(input: ConfirmInput): Promise<Ticket[]> {
      const { reservationId, scheduleId, tickets } = await confirm(storesOf(db), input);
      const seatIds = tickets.map((ticket) => ticket.seatId);
      await seatsChanged(dependencies, scheduleId, () =>
        seatClaim.markTaken(scheduleId, seatIds, reservationId),
      );
      return tickets;
    },

    /** Reads the result of a successful attempt. */
    async readPaidOutcome(paymentId: string): Promise<PaidOutcome> {
      const payment = await createPaymentStore(db).find(paymentId);
      if (!payment?.approvedAt) throw new PermanentError(`payment ${paymentId} has not succeeded`);
      const { reservationId, amount, approvedAt } = payment;
      const issued = await createReservationTickets(db).of([reservationId]);
      return { amount, approvedAt: approvedAt.toISOString(), tickets: issued.get(reservationId) ?? [] };
    },

    /**
     * Undoes {@link openPayment}: it sets the attempt to FAILED, returns the points, and sets the reservation to HELD
     * again. A confirmation that is still on its way then has no effect. It does nothing that was done before. A later
     * `openPayment` is refused.
     *
     * @returns a status that counts as paid if the confirmation came first: then nothing was undone
     */
    async failPayment(input: FailPaymentInput): Promise<PaymentStatus> {
      return inTransaction(db, async (stores) => {
        const payment = await closeFailed(stores, input);
        return payment?.status ?? 'FAILED';
      });
    },
  };
}

/**
 * Closes an attempt as FAILED and returns its points, in one transaction. So no FAILED attempt keeps points.
 *
 * @returns the attempt as it is now; null for an unknown one
 */
export async function closeFailed(
  stores: Stores,
  { paymentId, reason, mayBeCharged }: FailPaymentInput,
): Promise<Payment | null> {
  const payment = await stores.payments.fail(paymentId, reason, mayBeCharged);
  if (payment?.status !== 'FAILED') return payment;
  const { reservationId, userId, amount } = payment;
  const { ledger } = stores;
  if (amount.points > 0 && (await ledger.isBooked(`points-taken:${paymentId}`))) {
    await ledger.post({
      key: `points-returned:${paymentId}`,
      kind: 'POINTS_RETURNED',
      currency: amount.currency,
      reservationId,
      paymentId,
      wallet: { userId, amount: amount.points },
      house: [{ account: 'house:pending', amount: -amount.points }],
    });
  }
  await stores.reservations.resumeHold(reservationId);
  return payment;
}

/** The charge of an attempt's card part. */
export function chargeOf(payment: Payment): ChargeRequest {
  return chargeOfPayment({ ...payment, requestedAt: payment.createdAt.getTime() });
}

/** The attempts that may have charged a card. */
export function withCard(payments: readonly Payment[]): string[] {
  return payments.filter(({ amount }) => amount.card > 0).map(({ paymentId }) => paymentId);
}

/** An earlier run, on a worker that died, may have been refused already. The client gets the same response. */
async function refusedBefore(stores: Stores, { userId, amount, reason }: Payment): Promise<Problem> {
  if (reason !== 'insufficient-points') return closedBefore(reason);
  return insufficientPoints(await stores.ledger.balance(userId), amount.points);
}

function closedBefore(reason: string | null): Problem {
  return new Problem('payment-failed', 'This attempt was closed before it began.', { reason });
}

function notPayable({ reservationStatus, isShowCancelled }: OpenedAttempt): Problem {
  switch (reservationStatus) {
    case 'PAYING':
    case 'SETTLING':
      return new Problem('payment-in-progress', 'Another payment of this reservation is under way.');
    case 'CONFIRMED':
      return new Problem('reservation-already-confirmed', 'This reservation is paid.');
    case 'HELD':
      return isShowCancelled ? showCancelled() : holdEnded();
    default:
      return holdEnded();
  }
}

function holdEnded(): Problem {
  return new Problem('reservation-expired', 'The hold has ended.');
}
