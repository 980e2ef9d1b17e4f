import type { PaymentStore } from '../../db/paymentStore';
import type { ReservationTickets } from '../../db/reservationTickets';
import type { Reservation, ReservationStore } from '../../db/reservationStore';
import type { SeatDirectory } from '../../db/seatDirectory';
import { splitPayment } from '../../domain/money';
import { Problem, type ProblemSlug } from '../../domain/problems';
import type { PaymentGateway } from '../../gateways/gateway';
import type { PayResult } from '../../workflows/messages';
import { validationFailed } from '../http/validation';
import type { AdmissionService } from '../queue/admission';
import { findOwnReservation, reservationNotFound } from '../reservations/findOwn';
import type { ReservationWorkflows } from '../reservations/reservationWorkflows';
import type { createFreePlace } from './freePlace';
import { requirePaymentKey } from './requirePaymentKey';

/** The longest that a workflow task takes. */
const TASK_MS = 10_000;

const OVER: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  'reservation-expired',
  'reservation-already-confirmed',
]);

export interface PayRequest {
  paymentId: string;
  reservationId: string;
  userId: string;
  queueToken: string | undefined;
  points: number | undefined;
  paymentKey: string | undefined;
}

export interface PayDependencies {
  gateway: Pick<PaymentGateway, 'needsPaymentKey'>;
  directory: SeatDirectory;
  admission: AdmissionService;
  reservations: ReservationStore;
  payments: PaymentStore;
  tickets: ReservationTickets;
  workflows: ReservationWorkflows;
  freePlace: ReturnType<typeof createFreePlace>;
}

/** The path of a payment to the reservation's workflow, which alone decides about it. */
export function createPayReservation(dependencies: PayDependencies) {
  const { gateway, directory, admission, reservations, payments, tickets, workflows, freePlace } =
    dependencies;

  /** @throws {Problem} any of those of `POST /v1/payments` */
  return async function payReservation(request: PayRequest): Promise<PayResult> {
    const { paymentId, reservationId, userId, queueToken, paymentKey } = request;
    const reservation = await findOwnReservation(reservations, userId, reservationId);
    const schedule = await directory.schedule(reservation.scheduleId);
    if (!schedule) throw reservationNotFound();
    await admission.requirePlace({ token: queueToken, userId, schedule });
    const amount = splitPayment(reservation.amount, request.points);
    if (!amount) {
      const { tickets: price } = reservation.amount;
      throw validationFailed([{ path: 'points', message: `At most ${price}, the price of the seats` }]);
    }
    if (amount.card > 0) requirePaymentKey(gateway, paymentKey);
    if (reservation.status === 'PAYING') await refuseBesideAnother(paymentId, reservationId);
    const input = { paymentId, amount, ...(paymentKey === undefined ? {} : { paymentKey }) };
    const result =
      (await workflows.pay(reservationId, input).catch(nullWhereOver)) ??
      // The workflow has ended: this very attempt may have ended it, unheard, before the client asked again.
      (await readOutcome(paymentId, await findOwnReservation(reservations, userId, reservationId)));
    if (result.status === 'SUCCEEDED') void freePlace(userId, schedule);
    return result;
  };

  /**
   * While a charge runs inside its task, the workflow answers nobody. Postgres knows of it already. What is older
   * is for the workflow to decide: it may be a payment that was lost.
   */
  async function refuseBesideAnother(paymentId: string, reservationId: string): Promise<void> {
    const open = await payments.findOpen(reservationId);
    if (!open || open.paymentId === paymentId || Date.now() - open.createdAt.getTime() > TASK_MS) return;
    throw new Problem('payment-in-progress', 'Another payment of this reservation is under way.');
  }

  async function readOutcome(paymentId: string, reservation: Reservation): Promise<PayResult> {
    const { reservationId, status } = reservation;
    const payment = await payments.find(paymentId);
    if (payment?.status === 'SUCCEEDED' && payment.approvedAt) {
      const issued = await tickets.of([reservationId]);
      return {
        paymentId,
        status: 'SUCCEEDED',
        amount: payment.amount,
        approvedAt: payment.approvedAt.toISOString(),
        tickets: issued.get(reservationId) ?? [],
      };
    }
    if (status === 'CONFIRMED')
      throw new Problem('reservation-already-confirmed', 'This reservation is paid.');
    throw new Problem('reservation-expired', 'The hold has ended.');
  }
}

/** Also where the workflow knows no more than that it is over, Postgres knows which attempt ended it. */
function nullWhereOver(error: unknown): null {
  if (error instanceof Problem && OVER.has(error.slug)) return null;
  throw error;
}
