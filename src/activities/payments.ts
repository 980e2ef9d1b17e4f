import type { Knex } from 'knex';
import { createLedgerStore } from '../db/ledgerStore';
import { createPaymentStore, type PaymentStatus, type Ticket } from '../db/paymentStore';
import { createReservationStore, type Reservation } from '../db/reservationStore';
import { insufficientPoints, type PaymentAmount, type ReservationAmount } from '../domain/money';
import { Problem } from '../domain/problems';
import type { ChargeOutcome, ChargeRequest } from '../gateways/gateway';
import type { ActivityDependencies } from './dependencies';
import { seatsChanged } from './seatsChanged';

/** One attempt to pay; every step of it names the attempt, and so does every journal. */
export interface PaymentStep {
  paymentId: string;
  reservationId: string;
  scheduleId: string;
  userId: string;
  amount: PaymentAmount;
}

export interface ConfirmInput extends PaymentStep {
  gatewayPaymentId: string | null;
  /** Milliseconds since 1970, by the workflow's clock. */
  approvedAt: number;
}

export interface FailPaymentInput extends PaymentStep {
  reason: string;
  /** The card part was charged and then voided: both are booked. */
  chargeVoided: boolean;
}

export function createPaymentActivities(dependencies: ActivityDependencies) {
  const { db, gateway, seatClaim } = dependencies;
  return {
    /**
     * Opens the attempt and takes the points, in one transaction. Run again, it changes nothing, however far
     * the attempt has come: a worker that died may have carried it to its end without a word.
     *
     * @throws {Problem} insufficient-points; payment-in-progress where another attempt is open;
     *   reservation-already-confirmed or reservation-expired where the reservation is not HELD any more;
     *   payment-failed where the attempt was undone before this step arrived
     */
    async takePoints(step: PaymentStep): Promise<void> {
      await db.transaction(async (transaction) => {
        const payments = createPaymentStore(transaction);
        const reservations = createReservationStore(transaction);
        const { opened, status, reason } = await payments.open(step);
        if (status === 'FAILED') throw await refusedBefore(transaction, step, reason);
        if (!opened) return;
        if (!(await reservations.move(step.reservationId, 'PAYING'))) {
          throw notPayable(await reservations.find(step.reservationId));
        }
        if (step.amount.points === 0) return;
        await createLedgerStore(transaction).post({
          key: `points-taken:${step.paymentId}`,
          kind: 'POINTS_TAKEN',
          currency: step.amount.currency,
          reservationId: step.reservationId,
          paymentId: step.paymentId,
          wallet: { userId: step.userId, amount: -step.amount.points },
          house: [{ account: 'house:pending', amount: step.amount.points }],
        });
      });
    },

    /** The attempt of a reservation that is open in Postgres, for a workflow that may never have heard of it. */
    async findOpenPayment(reservationId: string): Promise<PaymentStep | null> {
      const payment = await createPaymentStore(db).findOpen(reservationId);
      const reservation = await createReservationStore(db).find(reservationId);
      if (!payment || !reservation) return null;
      const { paymentId, userId, amount } = payment;
      return { paymentId, reservationId, scheduleId: reservation.scheduleId, userId, amount };
    },

    /** Charges the card part. Answers within the gateway's own time limit; no answer is `unknown`. */
    async chargeCard(request: ChargeRequest): Promise<ChargeOutcome> {
      return gateway.charge(request);
    },

    /** Asks the gateway what became of a charge. */
    async lookUpCharge(paymentId: string): Promise<ChargeOutcome | { outcome: 'absent' }> {
      return gateway.lookUp(paymentId);
    },

    /**
     * Makes sure that no money stays taken under the attempt's key.
     *
     * @throws until the gateway has said so; its caller retries without end
     */
    async voidCharge(paymentId: string, reason: string): Promise<void> {
      const result = await gateway.void(paymentId, reason);
      if (result.outcome === 'unknown')
        throw new Error(`the gateway has not answered the void: ${result.reason}`);
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
        seatClaim.keepSold(input.scheduleId, seatIds, input.reservationId),
      );
      return tickets;
    },

    /**
     * Closes the attempt to any confirmation that may still be on its way.
     *
     * @returns SUCCEEDED where the confirmation had won: then there is nothing to undo
     */
    async barConfirmation(step: PaymentStep, reason: string): Promise<PaymentStatus> {
      return createPaymentStore(db).fail(step, reason);
    },

    /**
     * Undoes {@link takePoints}: the attempt FAILED, the points back, the reservation HELD again. Does nothing
     * that was done before, and stands in the way of a `takePoints` that comes late.
     */
    async failPayment(input: FailPaymentInput): Promise<void> {
      await db.transaction(async (transaction) => {
        const ledger = createLedgerStore(transaction);
        const payments = createPaymentStore(transaction);
        const status = await payments.fail(input, input.reason);
        if (status !== 'FAILED')
          throw new Error(`payment ${input.paymentId} is ${status} and cannot be undone`);
        const names = {
          currency: input.amount.currency,
          reservationId: input.reservationId,
          paymentId: input.paymentId,
        };
        if (input.amount.points > 0 && (await ledger.isBooked(`points-taken:${input.paymentId}`))) {
          await ledger.post({
            ...names,
            key: `points-returned:${input.paymentId}`,
            kind: 'POINTS_RETURNED',
            wallet: { userId: input.userId, amount: input.amount.points },
            house: [{ account: 'house:pending', amount: -input.amount.points }],
          });
        }
        if (input.chargeVoided) {
          await ledger.post({
            ...names,
            key: `charge-voided:${input.paymentId}`,
            kind: 'CHARGE_VOIDED',
            house: [
              { account: 'gateway:clearing', amount: -input.amount.card },
              { account: 'gateway:clearing', amount: input.amount.card },
            ],
          });
        }
        await payments.markUndone(input.paymentId);
        await createReservationStore(transaction).resumeHold(input.reservationId);
      });
    },
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
    const issued = await payments.ticketsOf([input.reservationId]);
    if (payment?.status === 'SUCCEEDED') return issued.get(input.reservationId) ?? [];
    throw new Problem('payment-failed', 'This attempt was undone.', { reason: 'undone' });
  }
  const sold = await reservations.sellSeats(input.reservationId, approvedAt);
  const confirmed = await reservations.move(input.reservationId, 'CONFIRMED', approvedAt);
  if (!confirmed || sold.length === 0) {
    throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
  }
  const tickets = await payments.issueTickets(input, sold, approvedAt);
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
