import type { RecordedCancellation } from '../../db/cancellations/cancellationStore';
import type { Payment } from '../../db/payments/paymentStore';
import type { Ticket } from '../../db/tickets/reservationTickets';
import type { Reservation } from '../../db/reservations/reservationStore';
import type { ReservedSeat } from '../../domain/reservations/seat';
import type { HeldReservation } from '../../domain/reservations/hold';
import { presentCancellations } from '../cancellations/presenter';
import type { HeldReservationView, ReservationView } from './schema';

export function presentHeld(held: HeldReservation): HeldReservationView {
  return {
    reservationId: held.reservationId,
    scheduleId: held.scheduleId,
    status: 'HELD',
    seats: held.seats,
    amount: held.amount,
    heldAt: held.heldAt,
    expiresAt: held.expiresAt,
    holdSeconds: wholeSeconds(Date.parse(held.expiresAt) - Date.parse(held.heldAt)),
  };
}

export function presentReservation(
  reservation: Reservation,
  parts: {
    seats: ReservedSeat[];
    payment?: Payment | undefined;
    tickets?: Ticket[] | undefined;
    cancellations?: RecordedCancellation[] | undefined;
  },
): ReservationView {
  const { reservationId, scheduleId, status, amount, heldAt, expiresAt } = reservation;
  const cancellation = presentCancellations(parts.cancellations ?? []);
  return {
    reservationId,
    scheduleId,
    status,
    seats: parts.seats,
    amount,
    heldAt: heldAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    holdSeconds: wholeSeconds(expiresAt.getTime() - heldAt.getTime()),
    ...(parts.payment ? { payment: presentPaymentSummary(parts.payment) } : {}),
    ...(parts.tickets ? { tickets: parts.tickets } : {}),
    ...(cancellation ? { cancellation } : {}),
  };
}

export function presentPaymentSummary(payment: Payment): NonNullable<ReservationView['payment']> {
  return {
    paymentId: payment.paymentId,
    ...presentPaymentStatus(payment),
    amount: payment.amount,
    approvedAt: payment.approvedAt?.toISOString() ?? null,
  };
}

/** What clients see of an attempt: SETTLING until its outcome is known, FAILED if it never began. */
export function presentPaymentStatus({ status, reason }: Payment): PaymentStatusView {
  if (status === 'REQUESTED' || status === 'PENDING') return { status: 'SETTLING', reason };
  return status === 'WITHDRAWN' ? { status: 'FAILED', reason: 'not-started' } : { status, reason };
}

type PaymentStatusView = Pick<NonNullable<ReservationView['payment']>, 'status' | 'reason'>;

const wholeSeconds = (milliseconds: number): number => Math.round(milliseconds / 1000);
