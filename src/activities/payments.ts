import type { Knex } from 'knex';
import { createLedgerStore } from '../db/ledgerStore';
import { createPaymentStore, type Payment, type PaymentStatus } from '../db/paymentStore';
import { createReservationTickets, type Ticket } from '../db/reservationTickets';
import { createReservationStore, type Reservation } from '../db/reservationStore';
import { showCancelled } from '../domain/holdRules';
import { insufficientPoints, type ReservationAmount } from '../domain/money';
import { Problem } from '../domain/problems';
import type { CardPayment } from '../gateways/chargeRequest';
import type { ActivityDependencies } from './dependencies';
import { seatsChanged } from '../redis/seatsChanged';
import { refuseUsedKey } from './usedPaymentKeys';

/** One attempt to pay; every step of it names the attempt, and so does every journal. */
export interface PaymentStep extends CardPayment {
  scheduleId: string;
}

export interface ConfirmInput extends PaymentStep {
  gatewayPaymentId: string | null;
  /** Milliseconds since 1970, by the workflow's clock. */
  approvedAt: number;
}

export interface FailPaymentInput extends PaymentStep {
  reason: string;
  /** The card may have been charged: the attempt counts as undone only once that is given back. */
  mayBeCharged: boolean;
}

export function createPaymentActivities(dependencies: ActivityDependencies) {
  const { db, gateway, seatClaim } = dependencies;
  return {
    /**
     * Opens the attempt and takes the points, in one transaction. Run again, it changes nothing, however far
     * the attempt has come: a worker that died may have carried it to its end without a word.
     *
     * @returns earlier attempts whose charge may still stand, for a workflow that may never have heard of them
     * @throws {Problem} insufficient-points; payment-in-progress where another attempt is open;
     *   reservation-already-confirmed or reservation-expired where the reservation is not HELD any more;
     *   sale-not-open where the show was cancelled;
     *   payment-failed where the attempt was undone before this step arrived, or its payment key was used before
     */
    async takePoints(step: PaymentStep): Promise<PaymentStep[]> {
      const taken = db.transaction(async (transaction) => {
        const payments = createPaymentStore(transaction);
        const reservations = createReservationStore(transaction);
        const { opened, status, reason, unsettled } = await payments.open({ ...step, gateway: gateway.name });
        if (status === 'FAILED') throw await refusedBefore(transaction, step, reason);
        const toGiveBack = unsettled.map((payment) => stepOf(payment, step.scheduleId));
        if (!opened) return toGiveBack;
        if (!(await reservations.startPayment(step.reservationId))) {
          throw notPayable(await reservations.find(step.reservationId));
        }
        if (step.amount.points === 0) return toGiveBack;
        await createLedgerStore(transaction).post({
          key: `points-taken:${step.paymentId}`,
          kind: 'POINTS_TAKEN',
          currency: step.amount.currency,
          reservationId: step.reservationId,
          paymentId: step.paymentId,
          wallet: { userId: step.userId, amount: -step.amount.points },
          house: [{ account: 'house:pending', amount: step.amount.points }],
        });
        return toGiveBack;
      });
      return taken.catch(refuseUsedKey);
    },

    /** The attempt of a reservation that is open in Postgres, for a workflow that may never have heard of it. */
    async findOpenPayment(reservationId: string): Promise<PaymentStep | null> {
      const payment = await createPaymentStore(db).findOpen(reservationId);
      const reservation = await createReservationStore(db).find(reservationId);
      return payment && reservation ? stepOf(payment, reservation.scheduleId) : null;
    },

    /** Shows clients and operators that the gateway's word on this attempt is awaited. */
    async markSettling(step: PaymentStep): Promise<void> {
      await db.transaction(async (transaction) => {
        const marked = await createPaymentStore(transaction).markSettling(step.paymentId);
        if (marked) await createReservationStore(transaction).move(step.reservationId, 'SETTLING');
      });
    },

    /**
     * Reservation CONFIRMED, seats sold, tickets issued, the sale booked, the notification written: one
     * transaction. Run again, it answers with the tickets that it issued.
     *
     * @throws {Problem} payment-failed where the attempt was closed as failed, or the seats are gone
     */
    async confirmReservation(input: ConfirmInput): Promise<Ticket[]> {
      const tickets = await db.transaction((transaction) => confirm(transaction, input));
      const seatIds = tickets.map((ticket) => ticket.seatId);
      await seatsChanged(dependencies, input.scheduleId, () =>
        seatClaim.markTaken(input.scheduleId, seatIds, input.reservationId),
      );
      return tickets;
    },

    /**
     * Undoes {@link takePoints}: the attempt FAILED and barred from any confirmation that may still be on its way,
     * the points back, the reservation HELD again. Does nothing that was done before, and stands in the way of a
     * `takePoints` that comes late.
     *
     * @returns SUCCEEDED where the confirmation had won: then nothing was undone
     */
    async failPayment(input: FailPaymentInput): Promise<PaymentStatus> {
      return db.transaction(async (transaction) => {
        const status = await closeFailed(transaction, input, input.reason);
        if (status === 'FAILED' && !input.mayBeCharged) {
          await createPaymentStore(transaction).markUndone(input.paymentId);
        }
        return status;
      });
    },
  };
}

/** An attempt is FAILED and its points are back, in one transaction: there is no FAILED attempt with points taken. */
export async function closeFailed(
  transaction: Knex.Transaction,
  step: PaymentStep,
  reason: string,
): Promise<PaymentStatus> {
  const { paymentId, reservationId, userId, amount } = step;
  const ledger = createLedgerStore(transaction);
  const status = await createPaymentStore(transaction).fail(step, reason);
  if (status !== 'FAILED') return status;
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
  await createReservationStore(transaction).resumeHold(reservationId);
  return status;
}

export function stepOf(payment: Payment, scheduleId: string): PaymentStep {
  const { paymentId, reservationId, userId, amount, paymentKey, createdAt } = payment;
  return {
    paymentId,
    reservationId,
    scheduleId,
    userId,
    amount,
    paymentKey,
    requestedAt: createdAt.getTime(),
  };
}

/** A worker that died may have been refused already: the client hears the same. */
async function refusedBefore(db: Knex, step: PaymentStep, reason: string | null): Promise<Problem> {
  if (reason !== 'insufficient-points') {
    return new Problem('payment-failed', 'This attempt was undone.', { reason });
  }
  const balance = await createLedgerStore(db).balance(step.userId);
  return insufficientPoints(balance, step.amount.points);
}

function notPayable(reservation: Reservation | null): Problem {
  switch (reservation?.status) {
    case 'PAYING':
    case 'SETTLING':
      return new Problem('payment-in-progress', 'Another payment of this reservation is under way.');
    case 'CONFIRMED':
      return new Problem('reservation-already-confirmed', 'This reservation is paid.');
    case 'HELD':
      return showCancelled();
    default:
      return new Problem('reservation-expired', 'The hold has ended.');
  }
}

async function confirm(transaction: Knex.Transaction, input: ConfirmInput): Promise<Ticket[]> {
  const payments = createPaymentStore(transaction);
  const reservations = createReservationStore(transaction);
  const approvedAt = new Date(input.approvedAt);
  const { gatewayPaymentId } = input;
  if (!(await payments.succeed(input.paymentId, { gatewayPaymentId, approvedAt }))) {
    const payment = await payments.find(input.paymentId);
    const issued = await createReservationTickets(transaction).of([input.reservationId]);
    if (payment?.status === 'SUCCEEDED') return issued.get(input.reservationId) ?? [];
    throw new Problem('payment-failed', 'This attempt was undone.', { reason: 'undone' });
  }
  const sold = await reservations.sellSeats(input.reservationId, approvedAt);
  const confirmed = await reservations.move(input.reservationId, 'CONFIRMED', approvedAt);
  if (!confirmed || sold.length === 0) {
    throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
  }
  const tickets = await createReservationTickets(transaction).issue(input, sold, approvedAt);
  await bookSale(transaction, input, confirmed.amount);
  const { reservationId, userId, paymentId } = input;
  await transaction('outbox')
    .insert({ kind: 'reservation-confirmed', payload: { reservationId, userId, paymentId } })
    .options({ name: 'notify-confirmation' });
  return tickets;
}

/** What was pending and what the gateway took become revenue and booking fees. */
async function bookSale(
  transaction: Knex.Transaction,
  input: ConfirmInput,
  price: ReservationAmount,
): Promise<void> {
  await createLedgerStore(transaction).post({
    key: `sale:${input.paymentId}`,
    kind: 'SALE',
    currency: input.amount.currency,
    reservationId: input.reservationId,
    paymentId: input.paymentId,
    house: [
      { account: 'house:pending', amount: -input.amount.points },
      { account: 'gateway:clearing', amount: -input.amount.card },
      { account: 'house:revenue', amount: price.tickets },
      { account: 'house:booking-fees', amount: price.bookingFee },
    ],
  });
}
