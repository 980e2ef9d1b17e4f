import type { PaymentAmount } from '../domain/money';
import type { ReservationStatus } from '../domain/reservations/reservationStates';

export const RESERVATION_WORKFLOW = 'reservation';
export const PAY_UPDATE = 'pay';
export const RELEASE_UPDATE = 'release';
export const RESERVATION_QUERY = 'reservation';

export const reservationWorkflowId = (reservationId: string): string => `reservation-${reservationId}`;

/**
 * The input of the workflow of one reservation. The workflow starts before the reservation has a row. Postgres records
 * which seats are held, if any, and for how much. A workflow whose reservation has no row does nothing.
 */
export interface ReservationInput {
  reservationId: string;
  userId: string;
  scheduleId: string;
  /** When the hold ends, milliseconds since 1970: the same instant as in Postgres. */
  expiresAt: number;
  /** How long an unknown payment may keep the seats after the end of the hold. */
  settleSeconds: number;
}

/** The input of the update `pay`. The update makes the payment that the API has written under this id. */
export interface PayInput {
  paymentId: string;
}

/** The result of the update `pay`. A refusal is an update failure instead, and its type is the slug of the problem. */
export type PayResult =
  | {
      paymentId: string;
      status: 'SUCCEEDED';
      amount: PaymentAmount;
      approvedAt: string;
      tickets: { ticketId: string; seatId: string }[];
    }
  | { paymentId: string; status: 'SETTLING' };

/** The result of the query `reservation`, and of the workflow when it ends. */
export interface ReservationState {
  /** REFUSED: no hold was granted; such a reservation has no row in Postgres. */
  status: ReservationStatus | 'REFUSED';
  /** ISO 8601. */
  expiresAt: string;
  /** The running or successful payment. */
  paymentId: string | null;
  /** Attempts to pay so far. */
  payments: number;
}

export type ReservationWorkflow = (input: ReservationInput) => Promise<ReservationState>;
