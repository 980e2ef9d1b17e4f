import type { Payment } from '../../db/payments/paymentStore';
import type { Reservation } from '../../db/reservations/reservationStore';
import type { ServiceClock } from '../../db/serviceClock';
import type { Stores } from '../../db/stores';
import type { SeatDirectory } from '../reservations/seatDirectory';
import { splitPayment, type PaymentAmount } from '../../domain/money';
import { Problem } from '../../domain/problems';
import { isOpen } from '../../domain/reservations/reservationStates';
import type { PaymentGateway } from '../../domain/payments/gateway';
import type { PayResult } from '../../contract/reservations';
import { validationFailed } from '../http/validation';
import type { AdmissionService } from '../queue/admission';
import { isDependencyFailure } from '../problems/dependencyFailure';
import { findOwnReservation, reservationNotFound } from '../reservations/findOwn';
import type { ReservationWorkflows } from '../reservations/reservationWorkflows';
import type { TryCard } from './cardTries';
import type { createFreePlace } from './freePlace';
import { readOutcome } from './paymentOutcome';
import { requirePaymentKey } from './requirePaymentKey';
import { refuseUsedKey } from './usedPaymentKeys';

/** The longest time that a workflow task takes. */
const TASK_MS = 10_000;

export interface PayRequest {
  paymentId: string;
  reservationId: string;
  userId: string;
  queueToken: string | undefined;
  points: number | undefined;
  paymentKey: string | undefined;
  /** The client's network. */
  network: string;
}

export interface PayDependencies {
  stores: Stores;
  /** Takes new payments. */
  gateway: Pick<PaymentGateway, 'name' | 'needsPaymentKey'>;
  directory: SeatDirectory;
  admission: Pick<AdmissionService, 'requirePlace'>;
  workflows: ReservationWorkflows;
  freePlace: ReturnType<typeof createFreePlace>;
  tryCard: TryCard;
  clock: Pick<ServiceClock, 'now'>;
}

/**
 * The path of a payment: the API records what is to be paid, and only the workflow of the reservation decides about it.
 * If no step of a payment has begun, the API withdraws the payment before it rejects the request. So the payment has no
 * effect later.
 */
export function createPayReservation(dependencies: PayDependencies) {
  const { stores, gateway, directory, admission, workflows, freePlace, tryCard, clock } = dependencies;
  const { reservations, payments } = stores;

  /** @throws {Problem} any of those of `POST /v1/payments` */
  return async function payReservation(request: PayRequest): Promise<PayResult> {
    const { paymentId, reservationId, userId, queueToken, paymentKey, network } = request;
    const reservation = await findOwnReservation(reservations, userId, reservationId);
    const schedule = await directory.schedule(reservation.scheduleId);
    if (!schedule) throw reservationNotFound();
    const heldIn = reservation.room;
    const room = await admission.requirePlace({ token: queueToken, userId, schedule, heldIn });
    const amount = amountOf(reservation, request.points);
    if (amount.card > 0) {
      await requirePaymentKey(gateway, paymentKey, async () => payments.find(paymentId));
    }
    if (reservation.status === 'PAYING') await refuseBesideAnother(paymentId, reservationId);
    const pay = async (): Promise<PayResult> => {
      const payment = await payments
        .request({
          paymentId,
          reservationId,
          userId,
          amount,
          paymentKey: paymentKey ?? null,
          gateway: gateway.name,
        })
        .catch(refuseUsedKey);
      return askWorkflow(payment, reservation);
    };
    const result = await (amount.card > 0 ? tryCard({ userId, network }, pay) : pay());
    if (result.status === 'SUCCEEDED') void freePlace(userId, room);
    return result;
  };

  async function askWorkflow(payment: Payment, reservation: Reservation): Promise<PayResult> {
    const { paymentId } = payment;
    try {
      const result = (await workflows.pay(payment)) ?? (await payWithoutWorkflow(payment, reservation));
      // Another payment of the reservation settles. Its result is the response to this request.
      if (result.paymentId !== paymentId) await payments.withdraw(paymentId);
      return result;
    } catch (error) {
      if (!(error instanceof Problem) && !isDependencyFailure(error)) throw error;
      // The API asks Postgres before it rejects the request: the payment may have been made although its response was
      // lost.
      if (await payments.withdraw(paymentId)) throw ofThisRequest(error);
      const outcome = await readOutcome(stores, paymentId).catch((failure: unknown) => {
        throw error instanceof Problem ? error : failure;
      });
      // Without an outcome, the payment is under way and goes on without this request. A request with the same key
      // joins it.
      return outcome ?? { paymentId, status: 'SETTLING' };
    }
  }

  /** The workflow has ended, or was terminated. Postgres shows which. */
  async function payWithoutWorkflow(payment: Payment, before: Reservation): Promise<PayResult> {
    const outcome = await readOutcome(stores, payment.paymentId);
    if (outcome) return outcome;
    const reservation = await findOwnReservation(reservations, before.userId, before.reservationId);
    if (isOpen(reservation.status)) {
      await workflows.adopt(reservation);
      const result = await workflows.pay(payment);
      if (result) return result;
    }
    if (reservation.status === 'CONFIRMED')
      throw new Problem('reservation-already-confirmed', 'This reservation is paid.');
    throw new Problem('reservation-expired', 'The hold has ended.');
  }

  /**
   * While a charge runs inside its task, the workflow responds to no other request. Postgres already knows about that
   * payment. The workflow decides about an older payment, because it may be a payment that was lost.
   */
  async function refuseBesideAnother(paymentId: string, reservationId: string): Promise<void> {
    const open = await payments.findOpen(reservationId);
    if (!open || open.paymentId === paymentId) return;
    if (clock.now().getTime() - open.createdAt.getTime() > TASK_MS) return;
    throw new Problem('payment-in-progress', 'Another payment of this reservation is under way.');
  }
}

/**
 * No step of this request had begun. So a payment that failed is an earlier request of the same payment, which was
 * withdrawn while its workflow handled it. The client may send this request again.
 */
function ofThisRequest(error: unknown): unknown {
  if (!(error instanceof Problem) || error.slug !== 'payment-failed') return error;
  return new Problem('temporarily-unavailable', 'The payment was not begun; nothing was taken.');
}

/** @throws {Problem} validation-failed if the points are more than the seats cost */
function amountOf(reservation: Reservation, points: number | undefined): PaymentAmount {
  const amount = splitPayment(reservation.amount, points);
  if (amount) return amount;
  const { tickets: price } = reservation.amount;
  throw validationFailed([{ path: 'points', message: `At most ${price}, the price of the seats` }]);
}
