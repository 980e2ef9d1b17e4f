import type { PaymentAmount } from '../domain/money';
import type { ReservationStatus } from '../domain/reservations/reservationStates';

export const RESERVATION_WORKFLOW = 'reservation';
export const PAY_UPDATE = 'pay';
export const RELEASE_UPDATE = 'release';
export const RESERVATION_QUERY = 'reservation';

export const reservationWorkflowId = (reservationId: string): string => `reservation-${reservationId}`;

/**
 * Starts the workflow of one reservation, before the reservation has a row. What is held, for how much, and whether at
 * all, is in Postgres; a workflow whose reservation has no row does nothing.
 */
export interface ReservationInput {
  reservationId: string;
  userId: string;
  scheduleId: string;
  /** When the hold ends, milliseconds since 1970: the same instant as in Postgres. */
  expiresAt: number;
  /** How long past the hold an unknown payment may keep the seats. */
  settleSeconds: number;
}

/** The update `pay`: makes the payment that the API has written under this id. */
export interface PayInput {
  paymentId: string;
}

/** The answer to the update `pay`. A refusal is an update failure named by its problem slug instead. */
export type PayResult =
  | {
      paymentId: string;
      status: 'SUCCEEDED';
      amount: PaymentAmount;
      approvedAt: string;
      tickets: { ticketId: string; seatId: string }[];
    }
  | { paymentId: string; status: 'SETTLING' };

/** The answer to the query `reservation`, and the workflow's result when it ends. */
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
